import FoundationEssentials
import Primitives

/// The way from one root to the next: a new root counts only when it was public under the policy of the root before it.
///
///     var gate = RootGate(from: policyOf7, older: policies that were in force already, now: time of the whole check)
///     try gate.pass(content, version: 8, naming: policyOf8, proof: bytes of its proof)
///     // now root 8 may be trusted, and gate.older says which policies count besides its own
package struct RootGate: Hashable, Sendable {
    /// Under which the next root has to be public: the last one that was named. A root that names none ends nobody's right
    /// to be asked; else the root after that one could be a secret.
    package private(set) var asked: WitnessPolicy?
    /// Policies that were weakened on the way, each with its end. Some may be over already.
    package private(set) var older: [PolicyInForce]

    private let now: Date

    /// - Parameter policy: of the root that is trusted already; nil when it names none.
    package init(from policy: WitnessPolicy?, older: [PolicyInForce] = [], now: Date) {
        asked = policy
        self.older = older
        self.now = now
    }

    /// Judges one new root.
    ///
    /// Before the first root that names a log none needs a proof: nobody could have made one. A root that names none after
    /// it weakens most of all.
    ///
    /// - Parameters:
    ///   - proof: the root's `.tlog-proof`, or nil when there is none.
    /// - Throws: `log/no-quorum`, and `log/unlogged` for whatever else is wrong with the proof. Then it has ended no policy's
    ///   time; who looks further all the same asks under what it names.
    package mutating func pass(
        _ content: [UInt8], version: Int, naming new: WitnessPolicy?, proof: [UInt8]?
    ) throws(LogFault) {
        defer { asked = new ?? asked }
        guard let old = asked else { return }
        let witnessed = try Self.verify(content, version: version, under: old, proof)
        guard new?.isWeaker(than: old) ?? true else { return }
        // What is seen here is public by now: a witness whose clock is years ahead does not put the end off for years.
        let until = min(witnessed.publicAt, now) + PolicyInForce.notice
        let known = older.filter { $0.policy == old }.map(\.until)
        older.removeAll { $0.policy == old }
        older.append(PolicyInForce(old, until: known.reduce(until, max)))
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

extension [WitnessPolicy?] {
    /// What `RootGate` asks for the root at `place`, when these are the policies of roots, one after the other: the last
    /// one that a root before it names.
    package func asked(at place: Int) -> WitnessPolicy? {
        prefix(Swift.max(0, place)).last { $0 != nil }.flatMap(\.self)
    }
}
