import FoundationEssentials
import Primitives
import Releases
import Signatures
import Testing

@testable import UpdatePlan

private let old = try? Version("1.0")
private let tree = Digest.sha256(of: [1])
private let oldTree = Digest.sha256(of: [0])

private func step(
    _ kind: UpdateStep.Kind = .update, from: String? = "1.0", to: String = "1.1", return: UpdateStep.Return = .free,
    cause: Trouble? = nil
) throws -> UpdateStep {
    UpdateStep(
        kind, from: try from.map { try Version($0) }, to: try Version(to), tree: kind == .update ? tree : oldTree,
        fromTree: from == nil ? nil : kind == .update ? oldTree : tree, return: `return`, cause: cause)
}

private func goingBack(_ cause: Trouble, _ way: UpdateStep.Return) throws -> UpdateStep {
    try step(.revert, from: "1.1", to: "1.0", return: way, cause: cause)
}

func everyState() throws -> [UpdateState] {
    let update = try step()
    let revert = try step(.revert, from: "1.1", to: "1.0")
    let trouble = Trouble(at: .checking, "not well")
    return [
        .idle, .witnessed, .waiting(Waiting(update.to, .window)), .waiting(Waiting(update.to, .lock, isReady: true)),
    ]
        + StateName.allCases.filter { ![.idle, .witnessed, .waiting].contains($0) }.flatMap { name in
            [update, revert].map { UpdateState(name, $0, trouble: name == .failed ? trouble : nil) }
        }
}

func everyEvent() throws -> [UpdateEvent] {
    let version = try Version("1.1")
    return [
        .restarted(current: nil), .restarted(current: old), .restarted(current: version), .witnessed, .nothingToDo,
        .chosen(try step()), .chosen(try step(.revert)), .mustWait(Waiting(version, .hold)),
        .mustWait(Waiting(version, .approval, isReady: true)),
        .mustWait(Waiting(try Version("9"), .hold, isReady: true)),
        .mayApply, .done, .refused("no"), .abandoned(keepingData: false), .patchRefused,
        .revertWanted(try step(.revert, from: "1.1", to: "1.0")),
        .revertWanted(try step()),
    ]
}

@Suite struct UpdatePlanTests {
    /// Walks `events` and gives back the names of the states passed.
    private func walk(_ plan: inout UpdatePlan, _ events: [UpdateEvent]) throws -> [StateName] {
        try events.map { event in
            _ = try plan.handle(event)
            return plan.state.name
        }
    }

    @Test("an update goes from choice to commit by these steps, and each has its one action")
    func update() throws {
        let step = try step()
        var plan = UpdatePlan()
        #expect(try plan.handle(.restarted(current: old)) == [.discardUnfinished])
        #expect(try plan.handle(.witnessed) == [.choose])
        #expect(try plan.handle(.chosen(step)) == [.fetch(step)])
        #expect(try plan.handle(.done) == [.build(step)])
        #expect(try plan.handle(.done) == [.keepRelease(step)])
        #expect(try plan.handle(.done) == [.decide(step)])
        #expect(try plan.handle(.mayApply) == [.takeLock(step)])
        #expect(try plan.handle(.done) == [.runPre(step)])
        #expect(try plan.handle(.done) == [.stopServices(step)])
        #expect(try plan.handle(.done) == [.switchLink(step)])
        #expect(plan.state.name == .switching)
        #expect(try plan.handle(.done) == [.migrate(step)])
        #expect(try plan.handle(.done) == [.startServices(step)])
        #expect(try plan.handle(.done) == [.runPost(step)])
        #expect(try plan.handle(.done) == [.checkHealth(step)])
        #expect(try plan.handle(.done) == [.giveBackLock, .record(step, nil)])
        #expect(try plan.handle(.done) == [.cleanUp])
        #expect(plan.state == .idle)
    }

    @Test("a revert takes the lock, changes data back, switches, starts and checks, and is recorded")
    func revert() throws {
        let step = try step(.revert, from: "1.1", to: "1.0", return: .undo)
        for start in [UpdateState.idle, .waiting(Waiting(step.to, .window))] {
            var plan = UpdatePlan(start)
            #expect(try plan.handle(.revertWanted(step)) == [.takeLock(step)])
            #expect(
                try walk(&plan, Array(repeating: .done, count: 8)) == [
                    .stopping, .undoing, .switching, .migrated, .restarted, .checking, .committed, .idle,
                ])
        }
    }

    @Test(
        "what is refused after the switch is taken back by itself; the data are changed back where they were changed",
        arguments: [StateName.stopping, .switching, .switched, .migrated, .restarted, .checking],
        [UpdateStep.Return.free, .undo, .none])
    func takenBack(at stage: StateName, way: UpdateStep.Return) throws {
        let step = try step(return: way)
        let trouble = Trouble(at: stage, "no")
        var plan = UpdatePlan(UpdateState(stage, step))
        let actions = try plan.handle(.refused("no"))
        let wasMigrated = ![.stopping, .switching].contains(stage)
        if wasMigrated, way == .none {
            #expect(plan.state == UpdateState(.failed, step, trouble: trouble))
            #expect(actions == [.startServicesAgain(step), .giveBackLock, .recordFailure(step, trouble)])
            return
        }
        let back = try goingBack(trouble, wasMigrated ? way : .free)
        #expect(plan.state == UpdateState(.stopping, back))
        #expect(actions == [.stopServices(back)])
        let names = try walk(&plan, Array(repeating: .done, count: 7))
        #expect(names == [.undoing, .switching, .migrated, .restarted, .checking, .committed, .idle])
    }

    @Test("nothing is taken back where nothing was installed before: it stays, and is said to have failed")
    func firstInstallation() throws {
        let step = try step(from: nil)
        var plan = UpdatePlan(UpdateState(.checking, step))
        _ = try plan.handle(.refused("no"))
        #expect(plan.state.name == .failed)
        _ = try plan.handle(.done)
        #expect(plan.state == .idle)
    }

    @Test(
        "before the switch a refusal ends the step and starts nothing anew", arguments: [StateName.locking, .preparing])
    func refusedBefore(stage: StateName) throws {
        let step = try step()
        var plan = UpdatePlan(UpdateState(stage, step))
        let trouble = Trouble(at: stage, "no")
        // A lock that could not be had is another node's.
        let actions: [UpdateAction] = stage == .locking ? [] : [.giveBackLock]
        #expect(try plan.handle(.refused("no")) == actions + [.recordFailure(step, trouble)])
        #expect(try plan.handle(.done) == [.cleanUp])
    }

    @Test("on the way back nothing ends it but data that cannot be changed back")
    func refusedOnTheWayBack() throws {
        let back = try step(.revert, from: "1.1", to: "1.0", return: .undo, cause: Trouble(at: .checking, "ill"))
        let expected: [(StateName, StateName)] = [
            (.locking, .failed), (.stopping, .undoing), (.undoing, .failed), (.switching, .failed),
            (.migrated, .committed), (.restarted, .committed), (.checking, .committed),
        ]
        for (stage, next) in expected {
            var plan = UpdatePlan(UpdateState(stage, back))
            _ = try plan.handle(.refused("no"))
            #expect(plan.state.name == next, "\(stage)")
            #expect(plan.state.step == back)
            #expect(plan.state.trouble == (stage == .stopping ? nil : Trouble(at: stage, "no")), "\(stage)")
        }
    }

    @Test("a release that has to wait is announced once, stays through restarts, and gives way to the next refresh")
    func waiting() throws {
        let waiting = Waiting(try Version("1.1"), .window, until: Date(timeIntervalSince1970: 60), isReady: true)
        var plan = UpdatePlan(UpdateState(.ready, try step()))
        #expect(try plan.handle(.mustWait(waiting)) == [.announce(waiting), .cleanUp])
        #expect(plan.state == .waiting(waiting))
        #expect(try plan.handle(.restarted(current: old)) == [.discardUnfinished])
        #expect(plan.state == .waiting(waiting))
        #expect(try plan.handle(.witnessed) == [.choose])
        #expect(plan.state == .witnessed)
    }

    @Test("the lock that another node has makes an update wait")
    func lock() throws {
        var plan = UpdatePlan(UpdateState(.locking, try step()))
        let waiting = Waiting(try Version("1.1"), .lock, isReady: true, said: "node b has it")
        #expect(try plan.handle(.mustWait(waiting)) == [.announce(waiting), .cleanUp])
    }

    @Test("patches that are refused, fetched or not, are followed by fetching anew, and what they made is dropped")
    func patchRefused() throws {
        let step = try step()
        for name in [StateName.chosen, .fetched] {
            var plan = UpdatePlan(UpdateState(name, step))
            #expect(try plan.handle(.patchRefused) == [.discardUnfinished, .fetch(step)])
            #expect(plan.state == UpdateState(.chosen, step))
        }
    }

    @Test("after a stop, what reaches beyond the agent goes on, the rest is dropped, and current has the last word")
    func restart() throws {
        for state in try everyState() {
            for current in [nil, old, try Version("1.1")] {
                var plan = UpdatePlan(state)
                let actions = try plan.handle(.restarted(current: current))
                guard let step = state.step, state.name.isResumed else {
                    #expect(plan.state == (state.name == .waiting ? state : .idle))
                    #expect(actions == [.discardUnfinished])
                    continue
                }
                switch state.name {
                case .switching where current == step.to:
                    #expect(plan.state == UpdateState(step.kind == .update ? .switched : .migrated, step))
                case .switching where current != step.from,
                    .switched where current != step.to, .migrated where current != step.to,
                    .restarted where current != step.to, .checking where current != step.to,
                    .committed where current != step.to:
                    #expect(plan.state.name == .failed)
                default:
                    #expect(plan.state == state.interruptedOnceMore)
                }
                // The whole machine may have been switched off meanwhile.
                if [.restarted, .checking].contains(plan.state.name) {
                    #expect(actions.first == .startServicesAgain(step))
                }
                #expect(!actions.contains(.discardUnfinished))
            }
        }
    }

    @Test("what is interrupted in the same place again and again counts as refused")
    func interrupted() throws {
        for name in StateName.allCases where name.isResumed && ![.committed, .failed].contains(name) {
            let step = try step(name == .undoing ? .revert : .update)
            var plan = UpdatePlan(UpdateState(name, step))
            let current = [.switched, .migrated, .restarted, .checking].contains(name) ? step.to : step.from
            for _ in 0..<UpdatePlan.mostInterruptions {
                _ = try plan.handle(.restarted(current: current))
                #expect(plan.state.name == name)
            }
            _ = try plan.handle(.restarted(current: current))
            #expect(plan.state.name == (name.isBeforeSwitch || name == .undoing ? .failed : .stopping), "\(name)")
            let trouble = plan.state.trouble ?? plan.state.step?.cause
            #expect(trouble?.isInterruption == true)
        }
    }

    @Test("an event that cannot follow is an error, and the state stays")
    func impossible() throws {
        var accepted: [String: Set<String>] = [:]
        for state in try everyState() {
            for event in try everyEvent() {
                var plan = UpdatePlan(state)
                do {
                    _ = try plan.handle(event)
                    accepted[state.name.rawValue, default: []].insert(event.name.rawValue)
                } catch {
                    #expect(error.code == .impossibleEvent)
                    #expect(plan.state == state)
                }
            }
        }
        let stages = ["stopping", "switching", "migrated", "restarted", "checking"]
        var expected: [String: Set<String>] = [
            "idle": ["restarted", "witnessed", "revert wanted"],
            "waiting": ["restarted", "witnessed", "revert wanted"],
            "witnessed": ["restarted", "nothing to do", "must wait", "chosen"],
            "chosen": ["restarted", "done", "patch refused"], "fetched": ["restarted", "done", "patch refused"],
            "built": ["restarted", "done"], "ready": ["restarted", "may apply", "must wait"],
            "locking": ["restarted", "done", "refused", "must wait"], "preparing": ["restarted", "done", "refused"],
            "undoing": ["restarted", "done", "refused"], "switched": ["restarted", "done", "refused"],
            "committed": ["restarted", "done"], "failed": ["restarted", "done"],
        ]
        for stage in stages { expected[stage] = ["restarted", "done", "refused"] }
        for stage in stages + ["locking", "preparing", "switched"] { expected[stage]?.insert("abandoned") }
        #expect(accepted == expected)
    }

    @Test("nothing is switched to unless it was chosen, fetched, built, kept and allowed", arguments: 1...200)
    func randomEvents(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let events = try everyEvent()
        var plan = UpdatePlan()
        var passed: [StateName] = []
        for _ in 0..<80 {
            guard let event = events.randomElement(using: &generator) else { continue }
            guard let actions = try? plan.handle(event) else { continue }
            if passed.last != plan.state.name { passed.append(plan.state.name) }
            let switches = actions.contains {
                if case .switchLink(let step) = $0 { step.kind == .update } else { false }
            }
            if switches {
                #expect(
                    passed.suffix(8) == [
                        .chosen, .fetched, .built, .ready, .locking, .preparing, .stopping, .switching,
                    ], "seed \(seed)")
            }
        }
    }

    @Test("every walk ends: from any state, when all goes well or all goes ill, nothing is left under way")
    func ends() throws {
        for state in try everyState() {
            for event in [UpdateEvent.done, .refused("no")] {
                var plan = UpdatePlan(state)
                for _ in 0..<20 where plan.state.step != nil {
                    if (try? plan.handle(event)) != nil { continue }
                    if (try? plan.handle(.done)) != nil { continue }
                    _ = try plan.handle(.mayApply)
                }
                #expect(plan.state.step == nil, "\(state.name)")
            }
        }
    }

    @Test("what is written to the journal is read back")
    func journalRoundTrip() throws {
        let trouble = Trouble(at: .checking, "line one\nline two \u{1b}[31m" + String(repeating: "é", count: 900))
        let odd = Trouble(at: .checking, "zero\u{200b}width \u{202e}\u{2028}\u{ad}\u{e000} \\u{200b} \" end")
        let states = [
            UpdateState(.stopping, try step(.revert, cause: odd)), UpdateState(.failed, try step(), trouble: odd),
            UpdateState(.chosen, try step(from: nil)), UpdateState(.failed, try step(), trouble: trouble),
            UpdateState(.stopping, try step(.revert, return: .undo, cause: trouble), interruptions: 2),
            .waiting(Waiting(try Version("2"), .holdBack, until: Date(timeIntervalSince1970: 1_800_000_000))),
        ]
        for state in try everyState() + states {
            let bytes = Journal.encode(state)
            #expect(bytes.count < Journal.limit)
            #expect(try Journal.decode(bytes) == state)
        }
    }

    @Test("the words of a program are kept to one line that can be shown, and not too many")
    func troubleText() {
        let trouble = Trouble(at: .preparing, "a\nb\u{7f}" + String(repeating: "é", count: 900))
        #expect(trouble.text.description.hasPrefix("a b é"))
        #expect(trouble.text.count == Trouble.limit)
        #expect(Trouble(at: .preparing, trouble.text.description) == trouble)
    }

    @Test(
        "a damaged journal is refused",
        arguments: [
            "", "{}", "null", "{\"format\": \"sceau-journal/1\", \"state\": \"idle\"}",
            "{\n \"format\": \"sceau-journal/2\",\n \"state\": \"idle\"\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"state\": \"chosen\"\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"state\": \"waiting\"\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"state\": \"idle\",\n \"x\": 1\n}\n",
            "{\n \"format\": \"sceau-journal/1\",\n \"interruptions\": 1,\n \"state\": \"idle\"\n}\n",
        ])
    func damagedJournal(text: String) {
        #expect(throws: UpdatePlanFault(.malformedJournal)) { try Journal.decode(Array(text.utf8)) }
    }

    @Test("a journal of a step that failed for no reason is refused: nothing would lead out of it")
    func failedForNoReason() throws {
        let bytes = Journal.encode(UpdateState(.failed, try step()))
        #expect(throws: UpdatePlanFault(.malformedJournal)) { try Journal.decode(bytes) }
    }

    @Test("what is recorded again and again for ever can still be read")
    func interruptedForEver() throws {
        var plan = UpdatePlan(UpdateState(.committed, try step(), interruptions: 999))
        for _ in 0..<3 { _ = try plan.handle(.restarted(current: Version("1.1"))) }
        #expect(try Journal.decode(Journal.encode(plan.state)) == plan.state)
    }

    @Test("a release that was mended and does not do well has nothing before it to go back to")
    func mended() throws {
        let step = UpdateStep(
            .update, from: try Version("1.1"), to: try Version("1.1"), tree: tree, fromTree: tree, return: .undo)
        var plan = UpdatePlan(UpdateState(.checking, step))
        _ = try plan.handle(.refused("no"))
        #expect(plan.state.name == .failed)
    }

    @Test("every single-byte change of a journal is refused or means another state, never the same")
    func flippedJournal() throws {
        let trouble = Trouble(at: .checking, "not well")
        let state = UpdateState(.stopping, try step(.revert, cause: trouble), interruptions: 2)
        let bytes = Journal.encode(state)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect((try? Journal.decode(changed)) != state)
        }
    }
}

extension StateName {
    fileprivate var isBeforeSwitch: Bool { self == .locking || self == .preparing }
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
