import Primitives

/// What is wrong with bytes that should be in SSH's encoding. Whoever reads them says whose they were.
struct SSHEncodingFault: Error {
    let found: String
    let expected: String
}

/// Reads the data types of RFC 4251 section 5, each with a limit, from bytes of others.
struct SSHReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func byte() throws(SSHEncodingFault) -> UInt8 {
        guard let byte = rest.popFirst() else { throw truncated("a byte") }
        return byte
    }

    mutating func uint32() throws(SSHEncodingFault) -> Int {
        guard rest.count >= 4 else { throw truncated("a number of 4 bytes") }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    /// A string in SSH's sense: a length and that many bytes.
    mutating func string(atMost limit: Int) throws(SSHEncodingFault) -> [UInt8] {
        let count = try uint32()
        guard count <= limit else {
            throw SSHEncodingFault(found: "a string of \(count) bytes", expected: "at most \(limit)")
        }
        guard count <= rest.count else { throw truncated("a string of \(count) bytes") }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    func checkIsAtEnd() throws(SSHEncodingFault) {
        guard rest.isEmpty else { throw SSHEncodingFault(found: "\(rest.count) bytes more", expected: "the end") }
    }

    private func truncated(_ expected: String) -> SSHEncodingFault {
        SSHEncodingFault(found: "\(rest.count) bytes", expected: expected)
    }
}

/// Writes the same. Nothing that we send is near the limit of a length.
struct SSHWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) {
        bytes.append(value)
    }

    mutating func uint32(_ value: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func string(_ value: [UInt8]) {
        uint32(UInt32(clamping: value.count))
        bytes += value
    }
}
