import CommandSupport
internal import Glibc
import Primitives
import StaticHTTP

/// The number of files a process may have open.
enum DescriptorLimit {
    /// Raises our own limit as far as we may, and says how many descriptors are left for published files.
    ///
    /// Every connection takes one for its socket and one for the file it is being sent.
    static func raise(forConnections connections: Int) throws -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let enough = rlim_t(clamping: connections) * 2 + 8192
        if limit.rlim_cur < enough {
            limit.rlim_cur = min(limit.rlim_max, enough)
            _ = setrlimit(resource, &limit)
            guard getrlimit(resource, &limit) == 0 else { return 0 }
        }
        let spare = Int(clamping: limit.rlim_cur) - 2 * connections - 64
        guard spare >= 0 else {
            throw CommandFault(
                .arguments, found: "--max-connections \(connections)",
                expected: "at most \((Int(clamping: limit.rlim_cur) - 64) / 2), as this process may open "
                    + "\(limit.rlim_cur) files",
                hint: "lower it, or raise the limit (ulimit -n, LimitNOFILE)")
        }
        return min(spare, 4096)
    }
}
