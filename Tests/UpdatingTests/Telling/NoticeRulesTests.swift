import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TestSupport
import Testing
import Transport
import UpdatePlan

@testable import Updating

/// What is told after which run, and what not once more.
@Suite struct NoticeRulesTests {
    private static let start = RepositorySimulator.now
    private static let tree = Digest.sha256(of: [])

    /// A run so many hours after the start.
    struct Run: Sendable {
        var hours = 0.0
        var operation = AgentOperation.update
        var fault: Problem?
        var complaint: Problem?
        var waits: WaitReason?
        var severity = Severity.important
        /// Hours after the start.
        var expires: Double?
    }

    enum Problem: Sendable {
        case mirrorsDown, otherRoot, wrongHash, full, damaged, unknownVersion, reverted, notInitialised

        var fault: any ReportableFault {
            switch self {
            case .mirrorsDown: TransportFault(.connectFailed)
            case .otherRoot: AgentFault(.otherRoot)
            case .wrongHash: AgentFault(.wrongHash)
            case .full: StorageFault(.full)
            case .damaged: AgentFault(.damagedRoot)
            case .unknownVersion: UpdatePlanFault(.unknownVersion)
            case .reverted: AgentFault(.reverted)
            case .notInitialised: AgentFault(.notInitialised)
            }
        }
    }

    private func facts(_ run: Run) throws -> RunFacts {
        let time = Self.start + run.hours * 3600
        var facts = RunFacts(operation: run.operation, time: time)
        facts.fault = run.fault?.fault
        facts.complaints = run.complaint.map { [MirrorComplaint(mirror: "https://m/", fault: $0.fault)] } ?? []
        facts.expires = run.expires.map { Self.start + $0 * 3600 }
        if let reason = run.waits {
            let version = try Version("2.0")
            facts.held = HeldRelease(
                release: ReleaseFacts(version: version, severity: run.severity, time: Self.start),
                waiting: Waiting(version, reason))
        }
        return facts
    }

    private var settings: NotifySettings {
        var settings = NotifySettings()
        settings.command = ["/bin/notify"]
        return settings
    }

    /// The kinds that are told after each run; each is delivered. The memory goes through its text between runs.
    private func told(_ runs: [Run], _ settings: NotifySettings? = nil) throws -> [[NoticeKind]] {
        var memory = NoticeMemory()
        return try runs.map { run in
            memory = NoticeRules(settings: settings ?? self.settings).after(try facts(run), memory)
            let kinds = memory.outgoing.map(\.notice.kind)
            memory.outgoing = []
            memory = try #require(NoticeMemory(decoding: memory.encode()))
            return kinds
        }
    }

    @Test(
        "what lasts is told when it begins, again after a day, and when it is over",
        arguments: [
            ([Run()], [[]]),
            // Mirrors may be away for a while.
            (
                [
                    Run(fault: .mirrorsDown), Run(hours: 23, fault: .mirrorsDown), Run(hours: 24, fault: .mirrorsDown),
                    Run(hours: 25, fault: .mirrorsDown), Run(hours: 48, fault: .mirrorsDown), Run(hours: 49),
                    Run(hours: 50),
                ], [[], [], [.unreachable], [], [.unreachable], [.recovered], []]
            ),
            // Nobody was told of it, so nobody is told that it is over; it counts from anew.
            (
                [
                    Run(fault: .mirrorsDown), Run(hours: 23), Run(hours: 24, fault: .mirrorsDown),
                    Run(hours: 40, fault: .mirrorsDown),
                ], [[], [], [], []]
            ),
            // A mirror that serves something wrong can be reached.
            (
                [Run(fault: .mirrorsDown), Run(hours: 24, fault: .mirrorsDown), Run(hours: 25, fault: .wrongHash)],
                [[], [.unreachable], [.refused, .recovered]]
            ),
            // Another code is another matter; none of them is over before a good run.
            (
                [
                    Run(fault: .wrongHash), Run(hours: 1, fault: .otherRoot), Run(hours: 2, fault: .wrongHash),
                    Run(hours: 3, fault: .full), Run(hours: 4),
                ], [[.refused], [.refused], [], [.failed], [.recovered]]
            ),
            // That a look goes well does not show that the update would.
            (
                [Run(fault: .full), Run(hours: 1, operation: .check), Run(hours: 2)], [[.failed], [], [.recovered]]
            ),
            ([Run(operation: .check, fault: .full), Run(hours: 1, operation: .check)], [[.failed], [.recovered]]),
            // A mirror that lies is told of though another one did in its place.
            ([Run(complaint: .wrongHash), Run(hours: 1)], [[.refused], [.recovered]]),
            ([Run(complaint: .mirrorsDown), Run(hours: 48, complaint: .mirrorsDown)], [[], []]),
            // Of what was typed, and of what the history tells, nothing.
            ([Run(fault: .unknownVersion), Run(fault: .notInitialised), Run(fault: .reverted)], [[], [], []]),
            ([Run(operation: .revert, fault: .full), Run(operation: .gc, fault: .full)], [[], []]),
            // A clock that was wrong silences nothing for long.
            (
                [
                    Run(hours: 9000, fault: .full), Run(fault: .full), Run(hours: 1, fault: .full),
                    Run(hours: 24, fault: .full),
                ], [[.failed], [.failed], [], [.failed]]
            ),
        ] as [([Run], [[NoticeKind]])])
    func lasting(runs: [Run], expected: [[NoticeKind]]) throws {
        #expect(try told(runs) == expected)
    }

    @Test(
        "a release that waits is told when somebody has to do something, and a critical one also when somebody might",
        arguments: [
            ([Run(waits: .approval), Run(hours: 1, waits: .approval)], [[.waiting], []]),
            ([Run(waits: .approval), Run(hours: 24, waits: .approval)], [[.waiting], [.waiting]]),
            ([Run(waits: .approval), Run(hours: 1), Run(hours: 2, waits: .approval)], [[.waiting], [], [.waiting]]),
            ([Run(waits: .approval), Run(hours: 1, waits: .irreversible)], [[.waiting], [.waiting]]),
            ([Run(waits: .window), Run(waits: .holdBack), Run(waits: .rollout), Run(waits: .hold)], [[], [], [], []]),
            (
                [Run(waits: .hold, severity: .critical), Run(waits: .lock, severity: .critical)],
                [[.waiting], [.waiting]]
            ),
            ([Run(waits: .window, severity: .critical)], [[]]),
        ] as [([Run], [[NoticeKind]])])
    func waiting(runs: [Run], expected: [[NoticeKind]]) throws {
        #expect(try told(runs) == expected)
    }

    @Test("the last run is the last one that asked a mirror, the last good one the last that went well")
    func lastRun() throws {
        var memory = NoticeMemory()
        for run in [
            Run(), Run(hours: 1, fault: .full), Run(hours: 2, operation: .gc), Run(hours: 3, operation: .revert),
        ] {
            memory = NoticeRules(settings: settings).after(try facts(run), memory)
        }
        #expect(memory.lastRun == Self.start + 3600)
        #expect(memory.lastSuccess == Self.start)
    }

    @Test("metadata that is about to expire is told before it does, also by runs that fail, and when there is newer")
    func expiring() throws {
        let runs = [
            Run(expires: 49), Run(hours: 2, fault: .mirrorsDown, expires: 49), Run(hours: 3, expires: 49),
            Run(hours: 27, expires: 49), Run(hours: 60, expires: nil), Run(hours: 61, expires: 300),
        ]
        #expect(try told(runs) == [[], [.expiring], [], [.expiring], [], [.recovered]])
    }

    @Test("what is not wanted is not told, and neither is its end")
    func unwanted() throws {
        var settings = settings
        settings.events = [.refused, .recovered]
        let runs = [Run(fault: .full, expires: 1), Run(fault: .wrongHash), Run(hours: 1)]
        #expect(try told(runs, settings) == [[], [.refused], [.recovered]])
        settings.events = [.refused]
        #expect(try told(runs, settings) == [[], [.refused], []])
        #expect(try told(runs, NotifySettings()) == [[], [], []])
    }

    // MARK: the history

    private func step(_ from: String?, _ to: String, cause: Trouble? = nil) throws -> UpdateStep {
        UpdateStep(
            cause == nil ? .update : .revert, from: try from.map { try Version($0) }, to: try Version(to),
            tree: Self.tree, cause: cause)
    }

    private func entries() throws -> [HistoryEntry] {
        let trouble = Trouble(at: .checking, "it answers \u{1b}[2J\r\nBcc: all@example.org")
        return [
            HistoryEntry(try step(nil, "1.0"), at: Self.start - 90_000),
            HistoryEntry(try step("1.0", "1.1"), by: nil, [trouble], at: Self.start),
            HistoryEntry(try step("1.1", "1.0", cause: trouble), at: Self.start + 1),
            HistoryEntry(failing: try step("1.0", "1.2"), [trouble], at: Self.start + 2),
            HistoryEntry(
                refusingPatchesTo: try step("1.0", "1.3"), because: AgentFault(.wrongHash), at: Self.start + 3),
        ]
    }

    @Test("each step of the history is told once, wherever a run ended; of older ones nothing")
    func steps() throws {
        let entries = try entries()
        var facts = RunFacts(operation: .update, time: Self.start)
        facts.history = Array(entries.prefix(2))
        var memory = NoticeRules(settings: settings).after(facts, NoticeMemory())
        #expect(memory.outgoing.map(\.notice.kind) == [.updated])
        #expect(memory.outgoing.first?.notice.title == "updated from 1.0 to 1.1, but not all is well")
        facts.history = entries
        memory = NoticeRules(settings: settings).after(facts, memory)
        #expect(memory.outgoing.map(\.notice.kind) == [.updated, .reverted, .failed])
        memory = NoticeRules(settings: settings).after(facts, memory)
        #expect(memory.outgoing.count == 3)
        // The line is gone: time tells.
        let later = HistoryEntry(try step("1.0", "1.4"), at: Self.start + 9)
        facts.history = [entries[0], entries[1], later]
        memory = NoticeRules(settings: settings).after(facts, memory)
        #expect(
            memory.outgoing.map(\.notice.version) == [
                try Version("1.1"), try Version("1.0"), try Version("1.2"), try Version("1.4"),
            ])
    }

    @Test("what cannot be told for a week is dropped, and more than there is to say is never kept")
    func limits() throws {
        var memory = NoticeMemory()
        for hour in 0..<200 {
            var facts = try facts(Run(hours: Double(hour) / 100))
            facts.history = [HistoryEntry(try step("1.0", "1.\(hour)"), at: facts.time)]
            memory = NoticeRules(settings: settings).after(facts, memory)
        }
        #expect(memory.outgoing.count == NoticeMemory.mostOutgoing)
        #expect(memory.outgoing.last?.notice.version == (try Version("1.199")))
        #expect(try #require(NoticeMemory(decoding: memory.encode())).outgoing.count == NoticeMemory.mostOutgoing)
        memory = NoticeRules(settings: settings).after(try facts(Run(hours: 24 * 9)), memory)
        #expect(memory.outgoing.isEmpty)
    }

    @Test("what is said of a release cannot repaint a terminal or begin a new header, however long it is")
    func hostileText() throws {
        let hostile = "evil\r\nBcc: all@example.org\u{1b}[2J\u{202e}" + String(repeating: "é\n", count: 100_000)
        let notice = AgentNotice(.failed, hostile, [hostile, hostile], at: Self.start)
        for line in [notice.title] + notice.text {
            #expect(line == line.escapingUnprintable())
            #expect(line.unicodeScalars.count <= 4000)
        }
        #expect(notice.title.unicodeScalars.count <= 200)
        var memory = NoticeMemory()
        memory.outgoing = [NoticeMemory.Outgoing(notice: notice, channels: [.mail])]
        #expect(NoticeMemory(decoding: memory.encode())?.outgoing == memory.outgoing)
    }

    @Test(
        "a damaged memory is forgotten",
        arguments: [
            "", "{}", "{\"format\":\"sceau-notices/2\",\"conditions\":[],\"outgoing\":[]}",
            "{\"format\":\"sceau-notices/1\",\"conditions\":[{}],\"outgoing\":[]}",
            "{\"format\":\"sceau-notices/1\",\"conditions\":[],\"outgoing\":[{\"notice\":{},\"channels\":[]}]}",
        ])
    func damaged(text: String) {
        #expect(NoticeMemory(decoding: Array(text.utf8)) == nil)
    }
}
