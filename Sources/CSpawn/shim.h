#pragma once
#include <spawn.h>

// glibc (from 2.34) declares them for _GNU_SOURCE only, which Swift's modules are built without.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int pipe2(int ends[2], int flags);
