#pragma once
#include <libwebsockets.h>

// Macros whose form Swift does not import.
enum {
    // Bytes that must be writable before every buffer given to lws_write.
    CWEBSOCKETS_WRITE_PREFIX = LWS_PRE,
    // "Seconds" for lws_set_timeout that close the connection at the next turn of the loop.
    CWEBSOCKETS_CLOSE_SOON = LWS_TO_KILL_ASYNC,
};
static const enum lws_write_protocol CWEBSOCKETS_WRITE_RAW = LWS_WRITE_RAW;
