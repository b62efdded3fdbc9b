import FoundationEssentials
import Primitives
import Releases
import Signatures
import Testing

@testable import UpdatePlan

@Suite struct ReleaseChoiceTests {
    private func facts(_ versions: [String]) throws -> [ReleaseFacts] {
        try versions.map {
            ReleaseFacts(version: try Version($0), severity: .low, time: Date(timeIntervalSince1970: 0))
        }
    }

    @Test(
        "the newest release is chosen when it is newer than what must stay behind",
        arguments: [
            (nil, nil, ["1.9", "1.10"], "1.10"), ("1.9", nil, ["1.9", "1.10"], "1.10"),
            ("1.10", nil, ["1.9", "1.10"], nil), ("2.0", nil, ["1.9", "1.10"], nil), ("1.0", nil, [], nil),
            ("1.9", "1.10", ["1.9", "1.10"], nil), ("1.9", "1.11", ["1.10"], nil),
            ("1.9", "1.10", ["1.10", "1.11"], "1.11"), ("1.0", nil, ["1.0-rc.1"], nil),
        ] as [(String?, String?, [String], String?)])
    func newest(installed: String?, revertedFrom: String?, offered: [String], expected: String?) throws {
        let choice = ReleaseChoice(
            installed: try installed.map { try Version($0) },
            revertedFrom: try revertedFrom.map { try Version($0) })
        #expect(choice.newest(of: try facts(offered))?.version.description == expected)
    }

    @Test("a release asked for by name may be one that was gone back from, and is never older than the installed one")
    func requested() throws {
        let choice = ReleaseChoice(installed: try Version("1.1"), revertedFrom: try Version("1.2"))
        let offered = try facts(["1.0", "1.1", "1.2"])
        #expect(try choice.requested(Version("1.2"), of: offered)?.version == (try Version("1.2")))
        #expect(try choice.requested(Version("1.1"), of: offered) == nil)
        #expect(throws: UpdatePlanFault(.olderVersion, found: "1.0", expected: "newer than 1.1")) {
            try choice.requested(Version("1.0"), of: offered)
        }
        #expect(throws: UpdatePlanFault(.unknownVersion, found: "1.3", expected: "one of 1.2, 1.1, 1.0")) {
            try choice.requested(Version("1.3"), of: offered)
        }
    }

    @Test("a withdrawn release is never chosen, and whoever asks for it hears why and what instead")
    func withdrawn() throws {
        var offered = try facts(["1.0", "1.1", "1.2"])
        offered[2].withdrawal = try Withdrawal(reason: "it loses mail", time: Date(timeIntervalSince1970: 60))
        let choice = ReleaseChoice(installed: try Version("1.0"))
        #expect(choice.newest(of: offered)?.version == (try Version("1.1")))
        let notice = try #require(choice.withdrawals(among: offered).first)
        #expect(notice.version == (try Version("1.2")))
        #expect(notice.reasonText == "withdrawn at 1970-01-01T00:01:00Z: it loses mail")
        #expect(notice.successorIsOlder)
        let found = "1.2, withdrawn at 1970-01-01T00:01:00Z: it loses mail"
        #expect(throws: UpdatePlanFault(.withdrawn, found: found, at: "the channel", hint: notice.advice)) {
            try choice.requested(Version("1.2"), of: offered)
        }
    }

    @Test(
        "the successor of a withdrawn release is the newest good one after it, or else before it",
        arguments: [
            ("1.1", ["1.0", "1.2", "1.3"], [], "1.3"), ("1.1", ["1.0", "1.2", "1.3"], ["1.3"], "1.2"),
            ("1.1", ["0.9", "1.0"], [], "1.0"), ("1.1", ["0.9", "1.0"], ["1.0"], "0.9"), ("1.1", [], [], nil),
            ("1.1", ["1.2"], ["1.2"], nil),
        ] as [(String, [String], [String], String?)])
    func successor(version: String, others: [String], withdrawn: [String], expected: String?) throws {
        var offered = try facts([version] + others)
        for index in offered.indices where ([version] + withdrawn).contains("\(offered[index].version)") {
            offered[index].withdrawal = try Withdrawal(reason: "bad", time: Date(timeIntervalSince1970: 0))
        }
        let notice = try #require(WithdrawalNotice(offered[0], among: offered))
        #expect(notice.successor?.description == expected)
        // Who never had it is not told to go back from it.
        #expect(notice.advice(with: notice.version) == notice.advice)
        #expect(notice.advice(with: try Version("0.1")).contains("revert") == false)
        #expect(notice.successorIsOlder == (expected.map { $0.hasPrefix("0") || $0 == "1.0" } ?? false))
    }

    @Test("an installed release that cannot be proved is installed again")
    func unproved() throws {
        let choice = ReleaseChoice(installed: try Version("1.1"), installedIsUnproved: true)
        #expect(choice.newest(of: try facts(["1.0", "1.1"]))?.version == (try Version("1.1")))
        #expect(try choice.requested(Version("1.1"), of: facts(["1.1"])) != nil)
    }
}
