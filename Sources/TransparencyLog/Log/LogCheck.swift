import FoundationEssentials
import Primitives
import Signatures

/// One look at a log: from the checkpoint that is shown and what is remembered, over the new entries, to a verdict. It
/// fetches and stores nothing: an instance, an auditor and the publisher's own check run the same code.
///
///     var check = try LogCheck(note, rules: rules, remembered: state)
///     while let part = check.next { try check.read(its entries, one after the other) }
///     try check.finish()
///     // check.state is what to remember; check.state.ledger is what is logged; check.doubts is what is against it
///
/// What is against a checkpoint comes in two kinds. A *fault* is thrown: it is no checkpoint of this log, or two that
/// contradict each other. A *doubt* is kept: the log may be honest, but too few say so, or too long ago. With a doubt nothing
/// may be installed either; but a fork is looked for all the same, since it would be worse. Which entries are worth reading
/// with one, the reader decides.
package struct LogCheck: Sendable {
    /// No log of releases has more entries; at the shortest a reader would take half an hour to hash them.
    package static let entryLimit = 1 << 26
    /// Bytes of entries that are read in one look.
    package static let byteLimit = 5 << 30

    package let rules: CheckpointRules
    package let checkpoint: VerifiedCheckpoint
    package let cosignatures: CosignatureCheck
    /// What is remembered, and all entries read since.
    package private(set) var state: LogState
    /// What was remembered of this log; nil when nothing was.
    package let before: TreeHead?
    private var bytesRead = 0

    /// Begins with the checkpoint.
    ///
    /// Throws as `VerifiedCheckpoint.verify`, as `CheckpointRules.check`, `log/fork` for another tree of the size that is
    /// remembered, `log/shrunk` for a shorter one, and `log/too-much`.
    ///
    /// - Parameter remembered: of an earlier look, perhaps at the log of an earlier policy.
    package init(_ note: [UInt8], rules: CheckpointRules, remembered: LogState) throws(LogFault) {
        checkpoint = try VerifiedCheckpoint.verify(note, log: rules.policy.log)
        self.rules = rules
        let known = Self.isOfThisLog(remembered, rules.policy.log)
        state = known ? remembered : LogState()
        state.lines = remembered.lines
        before = known ? remembered.edge.head : nil
        if let before { try Self.check(checkpoint.head, after: before) }
        guard checkpoint.head.size - state.size <= Self.entryLimit else {
            throw LogFault(
                .tooMuch, found: "\(checkpoint.head.size) entries", expected: "at most \(Self.entryLimit) new ones")
        }
        cosignatures = try rules.check(checkpoint)
    }

    /// Why the checkpoint may not be acted on. Empty: it may.
    package var doubts: [LogFault] { cosignatures.doubts }

    private static func isOfThisLog(_ state: LogState, _ log: NoteKey) -> Bool {
        (try? VerifiedCheckpoint.verify(state.checkpoint, log: log)) != nil
    }

    private static func check(_ head: TreeHead, after old: TreeHead) throws(LogFault) {
        guard head.size >= old.size else {
            throw LogFault(.shrunk, found: "\(head.size) entries", expected: "at least \(old.size)")
        }
        guard head.size != old.size || head.root == old.root else {
            throw LogFault(
                .fork, found: head.root.hex, expected: old.root.hex, at: "\(head.size) entries")
        }
    }

    // MARK: entries

    /// Entries of one bundle that are still to be read.
    package struct Part: Hashable, Sendable {
        /// The bundle as it is in the checkpoint's tree.
        package let bundle: BundleID
        /// Where in it the first entry wanted begins, in bytes.
        package let offset: Int
        /// How many entries come from there on.
        package let count: Int
    }

    /// What is to be read next; nil when all entries are.
    package var next: Part? {
        let (read, size) = (state.size, checkpoint.head.size)
        guard read < size else { return nil }
        let index = read / TileShape.width
        let first = index * TileShape.width
        let width = TileShape.width(of: index, count: size)
        guard let bundle = try? BundleID(index: index, width: width) else { return nil }
        return Part(bundle: bundle, offset: state.bundleBytes, count: first + width - read)
    }

    /// Reads one entry. Throws as `LogState.read`, and `log/too-much`.
    package mutating func read(_ entry: [UInt8]) throws(LogFault) {
        bytesRead += entry.count
        guard bytesRead <= Self.byteLimit else {
            throw LogFault(.tooMuch, found: "more than \(Self.byteLimit) bytes of entries")
        }
        try state.read([entry])
    }

    // MARK: the end

    /// That the entries read make the checkpoint's tree, the remembered ones among them. Then the checkpoint is what to
    /// remember. Throws as `LogState.check`.
    package mutating func finish() throws(LogFault) {
        try state.check(reaches: checkpoint.head)
        state.checkpoint = checkpoint.note.encoded
    }

    /// Since when an entry has been public, by its proof, under every policy in force; nil when the proof does not show it.
    ///
    /// - Parameter leaf: the entry's hash, as it was read.
    package func publicAt(leaf: Digest, proof bytes: [UInt8]) -> Date? {
        guard let proof = try? TlogProof(decoding: bytes),
            let checkpoint = try? VerifiedCheckpoint.verify(proof.note, log: rules.policy.log),
            (try? proof.inclusion.check(leaf: leaf, in: checkpoint.head)) != nil
        else { return nil }
        let ageless = CheckpointRules(policy: rules.policy, older: rules.older, freshness: nil, now: rules.now)
        return (try? ageless.check(checkpoint))?.publicAt
    }
}
