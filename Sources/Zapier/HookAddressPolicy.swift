import CRM
import Foundation

/// Where texts may be posted to. The address of a hook comes from outside, so anything but Zapier is refused unless
/// the operator names it.
struct HookAddressPolicy {
    private let hosts: Set<String>
    private let insecureHosts: Set<String>

    init(options: [String: String]) {
        hosts = Self.list(options["allow_hosts"]) ?? ["hooks.zapier.com"]
        insecureHosts = Self.list(options["allow_insecure_hosts"]) ?? []
    }

    /// Why an address is refused; `nil` for a good one.
    func objection(to url: String) -> String? {
        guard let parts = URLComponents(string: url), let host = parts.host?.lowercased() else {
            return "the hook's address is no URL"
        }
        guard parts.user == nil, parts.password == nil else { return "the hook's address holds a user name" }
        let place = parts.port.map { "\(host):\($0)" } ?? host
        if parts.scheme == "http" {
            return insecureHosts.contains(host) || insecureHosts.contains(place)
                ? nil : "the hook's address must be https (option allow_insecure_hosts)"
        }
        guard parts.scheme == "https" else { return "the hook's address must be https" }
        let isUsual = parts.port == nil || parts.port == 443
        return (isUsual && hosts.contains(host)) || hosts.contains(place)
            ? nil : "the hook's host is not allowed (option allow_hosts)"
    }

    private static func list(_ option: String?) -> Set<String>? {
        option.map { option in
            Set(option.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
        }
    }
}
