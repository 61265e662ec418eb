#pragma once
#include <curl/curl.h>

// Swift cannot call variadic functions: one typed door for each kind of argument that curl_easy_setopt and its
// relatives take.
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *list) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}
static inline CURLcode ccurl_set_on_body(CURL *easy, curl_write_callback call) {
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call);
}
static inline CURLcode ccurl_set_on_header(CURL *easy, curl_write_callback call) {
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, call);
}
static inline CURLcode ccurl_set_on_socket(CURL *easy, curl_opensocket_callback call) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, call);
}
static inline CURLcode ccurl_set_on_request(CURL *easy, curl_prereq_callback call) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, call);
}
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The field is in a union, which Swift reads less clearly.
static inline CURLcode ccurl_result(const CURLMsg *message) { return message->data.result; }

// Macros with casts, which Swift does not import.
static const curl_socket_t CCURL_SOCKET_BAD = CURL_SOCKET_BAD;
