import Primitives

/// What goes between the agent and the process that asks servers: a kind (one byte), a length (four, the highest first), and so
/// many bytes. Neither side reads a frame that is longer than its kind may be.
struct AskFrame {
    enum Kind: UInt8 {
        // From the agent.
        case order = 0x6F
        case request = 0x71
        // To the agent: once `ready`, and for each request any number of `bytes`, and `end` or `fault`.
        case ready = 0x52
        case bytes = 0x42
        case end = 0x45
        case fault = 0x46

        var limit: Int {
            switch self {
            case .order, .ready: 128 << 10
            case .request: 1 << 20
            case .bytes: AskFrame.pieceLimit
            case .end: 1
            case .fault: 64 << 10
            }
        }
    }

    static let headerBytes = 5
    static let pieceLimit = 128 << 10
    /// Bytes of the longest frame that comes to the agent, with its header.
    static let longestAnswer = headerBytes + pieceLimit

    /// What a header says. Nil for a kind that there is not, or a length that it may not have.
    static func header(_ bytes: some Collection<UInt8>) -> (kind: Kind, count: Int)? {
        guard bytes.count == headerBytes, let first = bytes.first, let kind = Kind(rawValue: first) else { return nil }
        let count = bytes.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        return count <= kind.limit ? (kind, count) : nil
    }

    static func encode(_ kind: Kind, _ bytes: some Collection<UInt8>) -> [UInt8] {
        let count = UInt32(clamping: bytes.count)
        var frame: [UInt8] = []
        frame.reserveCapacity(headerBytes + bytes.count)
        frame.append(kind.rawValue)
        for shift in stride(from: 24, through: 0, by: -8) {
            frame.append(UInt8(truncatingIfNeeded: count >> UInt32(shift)))
        }
        frame.append(contentsOf: bytes)
        return frame
    }
}

/// How an answer ended well.
enum AskEnd: UInt8 {
    case whole = 1
    case absent = 2
    /// What was held is what there is.
    case unchanged = 3
    /// The server cannot go on from the offset.
    case anew = 4
}
