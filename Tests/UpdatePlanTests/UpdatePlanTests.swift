import FoundationEssentials
import Primitives
import Releases
import Signatures
import Testing

@testable import UpdatePlan

private let old = try? Version("1.0")
private let tree = Digest.sha256(of: [1])

private func step(_ kind: UpdateStep.Kind = .update, from: String? = "1.0", to: String = "1.1") throws -> UpdateStep {
    UpdateStep(kind, from: try from.map { try Version($0) }, to: try Version(to), tree: tree)
}

private func everyState() throws -> [UpdateState] {
    let update = try step()
    let revert = try step(.revert, from: "1.1", to: "1.0")
    return [
        .idle, .refreshed, .chosen(update), .fetched(update), .built(update), .switching(update), .reverting(revert),
        .switched(update), .switched(revert),
    ]
}

private func everyEvent() throws -> [UpdateEvent] {
    [
        .restarted(current: nil), .restarted(current: old), .restarted(current: try Version("1.1")), .refreshed,
        .nothingToDo, .chosen(try step()), .chosen(try step(.revert)), .fetched, .patchRefused, .built, .kept,
        .switched, .recorded,
        .revertWanted(try step(.revert, from: "1.1", to: "1.0")), .revertWanted(try step()),
    ]
}

@Suite struct UpdatePlanTests {
    @Test("an update goes from choice to commit by these steps, and each has its one action")
    func update() throws {
        let step = try step()
        var plan = UpdatePlan()
        #expect(try plan.handle(.restarted(current: old)) == [.discardUnfinished])
        #expect(try plan.handle(.refreshed) == [.choose])
        #expect(try plan.handle(.chosen(step)) == [.fetch(step)])
        #expect(try plan.handle(.fetched) == [.build(step)])
        #expect(try plan.handle(.built) == [.keepRelease(step)])
        #expect(try plan.handle(.kept) == [.switchLink(step)])
        #expect(plan.state == .switching(step))
        #expect(try plan.handle(.switched) == [.record(step)])
        #expect(try plan.handle(.recorded) == [.cleanUp])
        #expect(plan.state == .idle)
    }

    @Test("a revert switches at once and is recorded like an update")
    func revert() throws {
        let step = try step(.revert, from: "1.1", to: "1.0")
        var plan = UpdatePlan()
        #expect(try plan.handle(.revertWanted(step)) == [.switchLink(step)])
        #expect(plan.state == .reverting(step))
        #expect(try plan.handle(.switched) == [.record(step)])
        #expect(try plan.handle(.recorded) == [.cleanUp])
    }

    @Test("patches that are refused, fetched or not, are followed by fetching anew, and what they made is dropped")
    func patchRefused() throws {
        let step = try step()
        for state in [UpdateState.chosen(step), .fetched(step)] {
            var plan = UpdatePlan(state)
            #expect(try plan.handle(.patchRefused) == [.discardUnfinished, .fetch(step)])
            #expect(plan.state == .chosen(step))
        }
    }

    @Test("after a stop, current alone tells whether the step is recorded or dropped")
    func restart() throws {
        for state in try everyState() {
            for current in [nil, old, try Version("1.1")] {
                var plan = UpdatePlan(state)
                let actions = try plan.handle(.restarted(current: current))
                let mayHaveSwitched = [.switching, .reverting, .switched].contains(state.name)
                if mayHaveSwitched, let step = state.step, current == step.to {
                    #expect(plan.state == .switched(step))
                    #expect(actions == [.record(step)])
                } else {
                    #expect(plan.state == .idle)
                    #expect(actions == [.discardUnfinished])
                }
            }
        }
    }

    @Test("an event that cannot follow is an error, and the state stays")
    func impossible() throws {
        var accepted = 0
        for state in try everyState() {
            for event in try everyEvent() {
                var plan = UpdatePlan(state)
                do {
                    _ = try plan.handle(event)
                    accepted += 1
                } catch {
                    #expect(error.code == .impossibleEvent)
                    #expect(plan.state == state)
                }
            }
        }
        // 9 states take each of the 3 restarts; besides those there are 13 transitions.
        #expect(accepted == 9 * 3 + 13)
    }

    @Test("nothing is switched to unless it was chosen, fetched, built and kept", arguments: 1...200)
    func randomEvents(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let events = try everyEvent()
        var plan = UpdatePlan()
        var passed: [StateName] = []
        for _ in 0..<60 {
            guard let event = events.randomElement(using: &generator) else { continue }
            guard let actions = try? plan.handle(event) else { continue }
            passed.append(plan.state.name)
            let switches = actions.contains { if case .switchLink = $0 { true } else { false } }
            if switches, plan.state.name == .switching {
                #expect(passed.suffix(4) == [.chosen, .fetched, .built, .switching], "seed \(seed)")
            }
        }
    }

    @Test("what is written to the journal is read back")
    func journalRoundTrip() throws {
        for state in try everyState() + [.chosen(try step(from: nil))] {
            #expect(try Journal.decode(Journal.encode(state)) == state)
        }
    }

    @Test(
        "a damaged journal is refused",
        arguments: [
            "", "{}", "null", "{\"format\": \"sceau-journal/1\", \"state\": \"idle\"}",
            "{\n \"format\": \"sceau-journal/2\",\n \"state\": \"idle\"\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"state\": \"chosen\"\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"state\": \"idle\",\n \"x\": 1\n}\n",
        ])
    func damagedJournal(text: String) {
        #expect(throws: UpdatePlanFault(.malformedJournal)) { try Journal.decode(Array(text.utf8)) }
    }

    @Test("every single-byte change of a journal is refused or means another state, never the same")
    func flippedJournal() throws {
        let state = UpdateState.switching(try step())
        let bytes = Journal.encode(state)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect((try? Journal.decode(changed)) != state)
        }
    }
}

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
        #expect(notice.successorIsOlder == (expected.map { $0.hasPrefix("0") || $0 == "1.0" } ?? false))
    }

    @Test("an installed release that cannot be proved is installed again")
    func unproved() throws {
        let choice = ReleaseChoice(installed: try Version("1.1"), installedIsUnproved: true)
        #expect(choice.newest(of: try facts(["1.0", "1.1"]))?.version == (try Version("1.1")))
        #expect(try choice.requested(Version("1.1"), of: facts(["1.1"])) != nil)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
