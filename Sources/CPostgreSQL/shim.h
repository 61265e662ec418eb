#pragma once
#include <libpq-fe.h>
// Wakes a thread that waits for libpq's socket; Swift's Glibc module leaves it out.
#include <sys/eventfd.h>
