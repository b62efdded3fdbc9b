import Primitives

/// Whose cosignatures a checkpoint needs before anybody acts on it (C2SP tlog-policy).
package struct WitnessPolicy: Hashable, Sendable {
    package struct Log: Hashable, Sendable {
        package let key: NoteKey
        package let url: ByteString?
    }

    package struct Witness: Hashable, Sendable {
        /// In this policy only.
        package let name: ByteString
        package let key: NoteKey
        /// Where it takes checkpoints: the submission prefix.
        package let url: ByteString?
    }

    package struct Group: Hashable, Sendable {
        package let name: ByteString
        /// How many members have to agree: 1 to all.
        package let threshold: Int
        /// Witnesses and groups, by name.
        package let members: [ByteString]
    }

    /// Bytes of a whole policy; it has to fit into a root with all else.
    package static let byteLimit = 32 << 10
    /// Logs, witnesses and groups in one policy, of each.
    package static let countLimit = 32

    /// As it was decoded.
    package let text: ByteString
    package let log: NoteKey
    package let logURL: ByteString?
    package let witnesses: [Witness]
    package let groups: [Group]
    /// The name of the witness or group that decides; nil: no witness is asked for.
    package let quorum: ByteString?
    let rule: QuorumRule

    /// Reads a policy. Throws `log/malformed-policy`, or `log/malformed-key`.
    ///
    /// - Parameter origin: which of several logs is meant. When nil, the policy has exactly one, as one in a root must.
    package init(decoding text: ByteString, origin: ByteString? = nil) throws(LogFault) {
        var parser = PolicyParser()
        try parser.read(text)
        let log = try parser.log(origin)
        self.text = text
        self.log = log.key
        logURL = log.url
        witnesses = parser.witnesses
        groups = parser.groups
        quorum = parser.quorum
        rule = parser.rule
    }

    /// A policy as people write it, without the line of the log, and with that line. A log line that is there already
    /// is left alone when it is `log`'s. Throws `log/malformed-policy`, or `log/malformed-key`.
    package init(
        decoding text: ByteString, adding log: NoteKey, url: ByteString? = nil
    ) throws(LogFault) {
        var parser = PolicyParser()
        try parser.read(text)
        guard let found = parser.logs.first else {
            let line = [ByteString("log"), log.vkey, url].compactMap(\.self).map(\.bytes)
            let whole = Array(line.joined(separator: [UInt8(ascii: " ")])) + [NoteText.lineEnd] + text.bytes
            try self.init(decoding: ByteString(whole))
            // An address of more than one line would be more than an address.
            guard logURL == url, witnesses == parser.witnesses, groups == parser.groups else {
                throw LogFault(.malformedPolicy, found: url?.description, expected: "an address without spaces")
            }
            return
        }
        guard parser.logs.count == 1, found.key == log else {
            throw LogFault(
                .malformedPolicy, found: "log \(found.key.vkey)", expected: "no log line, or \(log.vkey)",
                hint: "leave the log line out: it is added with the key of this log")
        }
        try self.init(decoding: text)
    }

    /// Whether these public keys suffice; others than the policy's do not count.
    package func isSatisfied(by publicKeys: Set<[UInt8]>) -> Bool {
        rule.isSatisfied(by: mask { publicKeys.contains($0.key.publicKey) })
    }

    func mask(where isIncluded: (Witness) -> Bool) -> UInt64 {
        var mask: UInt64 = 0
        for (place, witness) in witnesses.enumerated() where isIncluded(witness) { mask |= QuorumRule.bit(place) }
        return mask
    }
}

extension WitnessPolicy {
    /// Above this number of witnesses in two policies not all sets of them are tried.
    static let comparableWitnesses = 16

    /// Whether some set of witnesses suffices now that did not suffice for `old`: less is asked for, or others.
    ///
    /// With more than `comparableWitnesses` keys in both together, every change of the quorum counts as weaker. A change
    /// of the log's key, of addresses, names and order is none.
    package func isWeaker(than old: WitnessPolicy) -> Bool {
        let keys = Set(decidingKeys + old.decidingKeys).sorted { $0.lexicographicallyPrecedes($1) }
        guard keys.count <= Self.comparableWitnesses else { return shape != old.shape }
        let (bits, oldBits) = (bits(of: keys), old.bits(of: keys))
        return (0..<(1 << keys.count)).contains { subset in
            var (mask, oldMask): (UInt64, UInt64) = (0, 0)
            var rest = subset
            while rest != 0 {
                let index = rest.trailingZeroBitCount
                mask |= bits[index]
                oldMask |= oldBits[index]
                rest &= rest - 1
            }
            return rule.isSatisfied(by: mask) && !old.rule.isSatisfied(by: oldMask)
        }
    }

    private var decidingKeys: [[UInt8]] { rule.deciding.map { witnesses[$0].key.publicKey } }
    private var shape: String { rule.shape(keys: witnesses.map { Hex.encode($0.key.publicKey) }) }

    /// The bit of each key in this policy; none for a stranger.
    private func bits(of keys: [[UInt8]]) -> [UInt64] {
        keys.map { key in mask { $0.key.publicKey == key } }
    }
}
