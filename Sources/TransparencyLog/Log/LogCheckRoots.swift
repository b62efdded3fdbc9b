import FoundationEssentials
import Primitives

/// The way from one root to the next: a new root counts only when it was public under the policy of the root before it.
///
///     var gate = RootGate(older: policies that were in force already)
///     try gate.pass(content, version: 8, from: policyOf7, to: policyOf8, proof: bytes of its proof)
///     // now root 8 may be trusted, and gate.older says which policies count besides its own
package struct RootGate: Hashable, Sendable {
    /// Policies that were weakened on the way, each with its end. Some may be over already.
    package private(set) var older: [PolicyInForce]

    package init(older: [PolicyInForce] = []) {
        self.older = older
    }

    /// Judges one new root.
    ///
    /// A root whose predecessor named no log needs no proof: nobody could have made one. A root that names none itself
    /// weakens most of all.
    ///
    /// - Parameters:
    ///   - proof: the root's `.tlog-proof`, or nil when there is none.
    /// - Throws: `log/no-quorum`, and `log/unlogged` for whatever else is wrong with the proof. Nothing has changed then.
    package mutating func pass(
        _ content: [UInt8], version: Int, from old: WitnessPolicy?, to new: WitnessPolicy?, proof: [UInt8]?
    ) throws(LogFault) {
        guard let old else { return }
        let witnessed = try Self.verify(content, version: version, under: old, proof)
        guard new?.isWeaker(than: old) ?? true else { return }
        let until = witnessed.publicAt + PolicyInForce.notice
        older.removeAll { $0.policy == old && $0.until <= until }
        older.append(PolicyInForce(old, until: until))
    }

    private static func verify(
        _ content: [UInt8], version: Int, under policy: WitnessPolicy, _ proof: [UInt8]?
    ) throws(LogFault) -> WitnessedCheckpoint {
        let entry = LogEntry(kind: .root, role: "root", version: ByteString(String(version)), content: content)
        guard let proof else { throw LogFault(.unlogged, found: "no proof", at: entry.name) }
        do {
            return try TlogProof(decoding: proof).verify(entry.encoded, policy: policy)
        } catch {
            guard error.code != .noQuorum else { throw error }
            throw LogFault(.unlogged, found: error.message, at: entry.name)
        }
    }
}
