/// The first and the last bytes of a stream of any length, in memory of a fixed size.
struct KeptOutput {
    private let firstLimit: Int
    private let lastLimit: Int
    private var first: [UInt8] = []
    /// A ring once it is full; `next` is then its oldest byte.
    private var last: [UInt8] = []
    private var next = 0
    /// Bytes that came in all.
    private var total = 0

    init(limit: Int) {
        let limit = max(limit, 0)
        firstLimit = limit / 2
        lastLimit = limit - limit / 2
    }

    var isCut: Bool { total > first.count + last.count }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // A stream of more bytes than an Int counts would take centuries; it would not be a reason to stop.
        total = total.addingReportingOverflow(bytes.count).overflow ? Int.max : total + bytes.count
        let beginning = bytes.prefix(firstLimit - first.count)
        first.append(contentsOf: beginning)
        // Of what comes at once, only the end can still be there afterwards.
        for byte in bytes.dropFirst(beginning.count).suffix(lastLimit) { keep(byte) }
    }

    private mutating func keep(_ byte: UInt8) {
        if last.count < lastLimit {
            last.append(byte)
        } else {
            last[next] = byte
            next = next + 1 == lastLimit ? 0 : next + 1
        }
    }

    /// Everything, or both ends and between them how much is missing.
    var bytes: [UInt8] {
        let mark = isCut ? "\n[\(total - first.count - last.count) bytes left out]\n" : ""
        return first + Array(mark.utf8) + last[next...] + last[..<next]
    }
}
