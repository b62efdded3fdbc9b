import Primitives
import Signatures
import TestSupport

@testable import TransparencyLog

/// Policies over witnesses with keys made from their names.
enum PolicyFixtures {
    /// `rules` with, before them, a log line and a line for each witness.
    static func text(_ witnesses: [String], _ rules: String) throws -> String {
        let lines = try witnesses.map { "witness \($0) \(try NoteFixtures.witness($0).vkey)\n" }
        return "log \(try NoteFixtures.log().vkey)\n" + lines.joined() + rules
    }

    static func policy(_ witnesses: [String], _ rules: String) throws -> WitnessPolicy {
        try WitnessPolicy(decoding: ByteString(text(witnesses, rules)))
    }

    /// `k` of the witnesses `w1` to `wn`.
    static func policy(_ threshold: Int, of count: Int) throws -> WitnessPolicy {
        try policy(threshold, of: names(count))
    }

    static func policy(_ threshold: Int, of names: [String]) throws -> WitnessPolicy {
        try policy(names, "group g \(threshold) \(names.joined(separator: " "))\nquorum g\n")
    }

    static func names(_ count: Int) -> [String] { (1...count).map { "w\($0)" } }

    static func keys(_ names: some Sequence<String>) -> Set<[UInt8]> {
        Set(names.map { TestKey($0).publicKey.material })
    }
}
