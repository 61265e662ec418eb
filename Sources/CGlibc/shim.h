#pragma once
#include <spawn.h>
#include <sys/socket.h>

// glibc declares them for _GNU_SOURCE only, which Swift's modules are built without; the last one from 2.34 on.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
