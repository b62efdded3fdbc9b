internal import Glibc
import SystemPackage

/// Ports of 127.0.0.1 where nobody listens now, for what has to know its port before it starts.
package enum FreePort {
    package static func find(_ count: Int) throws -> [UInt16] {
        let sockets = try (0..<count).map { _ in try bound() }
        defer { for one in sockets { close(one.descriptor) } }
        return sockets.map(\.port)
    }

    private static func bound() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard status == 0 else { throw Errno(rawValue: errno) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
