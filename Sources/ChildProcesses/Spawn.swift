import CGlibc
import Foundation

/// Starts a program with these as its standard files, no other file open, and all signals as by default.
///
/// - Parameter files: For each standard file what is open here; `nil` is `/dev/null`.
/// - Returns: Its number, or why there is none, as an error number.
func spawn(
    _ arguments: [String], environment: [String: String], files: [Int32?]
) -> (pid: pid_t, problem: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
        if let file {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
        } else {
            posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
        }
    }
    // In the child, so also what other threads have opened meanwhile: a listening socket of ours that is not marked
    // close-on-exec would stay taken as long as the child lives.
    posix_spawn_file_actions_addclosefrom_np(&actions, Int32(files.count))

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var pid: pid_t = 0
    let problem = posix_spawnp(&pid, arguments.first ?? "", &actions, &attributes, &words, &variables)
    return (pid, problem)
}
