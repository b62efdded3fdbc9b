import Primitives
import Signatures

/// What somebody who follows a log remembers between two looks at it. With it, all new entries and nothing else, the
/// next checkpoint can be judged: whether it grew from this log, and what it says.
package struct LogState: Hashable, Sendable {
    /// A line of whoever keeps the state, such as when something was first seen.
    package struct Line: Hashable, Sendable {
        package static let valueLimit = 65_536

        package let name: ByteString
        package let value: ByteString

        /// Throws `log/malformed-state` unless `name` is 1 to 255 visible ASCII characters and `value`, at most 65,536
        /// bytes, has no control characters.
        package init(name: ByteString, value: ByteString) throws(LogFault) {
            guard LogEntry.isWord(name), value.count <= Self.valueLimit,
                value.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { throw LogFault(.malformedState, found: "\(name) \(value)") }
            self.name = name
            self.value = value
        }
    }

    package private(set) var edge = RightEdge()
    package private(set) var ledger = LogLedger()
    /// Bytes of the last bundle when that is not full, else 0: where in it the next entry will begin.
    package private(set) var bundleBytes = 0
    /// The signed note of the checkpoint this state was checked against, byte for byte; empty before the first.
    package var checkpoint: [UInt8] = []
    /// Kept in this order.
    package var lines: [Line] = []

    /// Of nobody who has seen anything yet.
    package init() {}

    /// Entries read.
    package var size: Int { edge.size }

    /// Reads the next entries. Throws like `LogEntry.init(decoding:)` and `LogLedger.record`; the state is then half
    /// read, and of no further use.
    package mutating func read(_ entries: [[UInt8]]) throws(LogFault) {
        for entry in entries {
            try ledger.record(LogEntry(decoding: entry), at: edge.size)
            try edge.append(leaf: MerkleHash.leaf(entry))
            bundleBytes = edge.size % TileShape.width == 0 ? 0 : bundleBytes + EntryBundle.encodedLength(entry)
        }
    }

    /// That the entries read are all those of `head`. Throws `log/shrunk` when `head` has fewer,
    /// `log/missing-entries` when it has more, and `log/wrong-root` when it has others.
    package func check(reaches head: TreeHead) throws(LogFault) {
        let (found, expected) = ("\(size) entries", "\(head.size) entries")
        guard size <= head.size else { throw LogFault(.shrunk, found: expected, expected: "at least \(size)") }
        guard size == head.size else { throw LogFault(.missingEntries, found: found, expected: expected) }
        guard edge.head.root == head.root else {
            throw LogFault(.wrongRoot, found: edge.head.root.hex, expected: head.root.hex, at: found)
        }
    }
}

extension LogState {
    /// As a file says it; nil unless reading entries can lead to it.
    init?(edge: RightEdge, ledger: LogLedger?, bundleBytes: Int, checkpoint: [UInt8], lines: [Line]) {
        let entries = edge.size % TileShape.width
        guard let ledger, ledger.size == edge.size,
            entries * 2...entries * (EntryBundle.entryLimit + 2) ~= bundleBytes
        else { return nil }
        self.edge = edge
        self.ledger = ledger
        self.bundleBytes = bundleBytes
        self.checkpoint = checkpoint
        self.lines = lines
    }
}
