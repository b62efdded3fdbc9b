import Foundation
import Primitives
import Testing

@testable import TransparencyLog

/// What a new root is asked for. How proofs are judged: `TlogProofTests`; whole ways: the agent's tests.
@Suite struct `A new root` {
    private static let now = Date(timeIntervalSince1970: 1_790_000_000)
    private static let two = Result { try PolicyFixtures.policy(2, of: 3) }
    private static let one = Result { try PolicyFixtures.policy(1, of: ["x"]) }

    @Test(arguments: [
        ("2", [nil]), ("22", [nil, "2"]), ("2-", [nil, "2"]), ("2-1", [nil, "2", "2"]), ("2--1", [nil, "2", "2", "2"]),
        ("-2-1-", [nil, nil, "2", "2", "1"]), ("--", [nil, nil]),
    ])
    func `is asked for by the last policy that was named, over roots that name none`(roots: String, asked: [String?])
        throws
    {
        let policies = ["2": try Self.two.get(), "1": try Self.one.get()]
        let named = roots.map { policies["\($0)"] }
        let expected = asked.map { name in name.flatMap { policies[$0] } }
        #expect(named.indices.map { named.asked(at: $0) } == expected)
        #expect(named.asked(at: named.count) == named.last { $0 != nil } ?? nil)
        #expect(named.asked(at: -1) == nil)
        // The gate asks for the same, also when it refuses.
        var gate = RootGate(from: named[0], now: Self.now)
        for place in named.indices.dropFirst() {
            #expect(gate.asked == expected[place])
            let code = LogFixtures.code {
                try gate.pass([1], version: place + 1, naming: named[place], proof: nil)
            }
            #expect(code == (expected[place] == nil ? nil : .unlogged))
            #expect(gate.older.isEmpty)
        }
    }
}
