import FoundationEssentials
import Primitives
import TransparencyLog
import Transport
import UpdatePlan

/// What chance and time do to the asking of mirrors. By default neither does anything, as tests want it.
package struct MirrorHabits {
    package var shuffle: ([Int]) -> [Int] = { $0 }
    /// How often mirrors that failed in passing are asked again.
    package var repetitions = 0
    /// From 0 up to 1.
    package var chance: () -> Double = { 0.5 }
    /// Waits so many seconds.
    package var wait: (Double) -> Void = { _ in }

    package init() {}
}

/// The mirrors of one run: in which order they are asked, what they did, and what of that the next run should know.
///
/// A mirror that gives something wrong stands aside for a while; one that was merely away does not.
package final class Mirrors {
    /// Where what is remembered is kept. Damage and loss count as nothing remembered.
    struct Store {
        let load: () throws -> MirrorMemory
        let save: (MirrorMemory) throws -> Void
    }

    /// What mirrors did wrong in this run, and which ones were not asked for what they did before: each once.
    package private(set) var complaints: [MirrorComplaint] = []
    private var order: [any RepositoryMirror]
    private let habits: MirrorHabits
    private let now: Date
    private let store: Store?
    private var memory: MirrorMemory
    /// Stand aside from an earlier run, with what is said about it when they are not asked in this one.
    private let aside: [String: MirrorMemory.Aside]
    private var asked: Set<String> = []

    /// Some mirrors of which nothing is remembered, asked in this order.
    package convenience init(_ mirrors: [any RepositoryMirror]) {
        self.init(mirrors, memory: MirrorMemory(), habits: MirrorHabits(), now: .distantPast, store: nil)
    }

    convenience init(_ mirrors: [any RepositoryMirror], habits: MirrorHabits, now: Date, store: Store) throws {
        // Of a single mirror there is nothing to remember: it is asked whatever it did.
        let isChoice = Set(mirrors.map(\.name)).count > 1
        self.init(
            mirrors, memory: isChoice ? try store.load() : MirrorMemory(), habits: habits, now: now,
            store: isChoice ? store : nil)
    }

    private init(
        _ mirrors: [any RepositoryMirror], memory: MirrorMemory, habits: MirrorHabits, now: Date, store: Store?
    ) {
        let names = mirrors.map(\.name)
        let order = MirrorOrder(of: names, memory, at: now, shuffle: habits.shuffle)
        self.order = order.all.map { mirrors[$0] }
        aside = Dictionary(
            order.afterwards.compactMap { memory.standsAside(names[$0], at: now) }.map { ($0.mirror, $0) },
            uniquingKeysWith: { first, _ in first })
        self.habits = habits
        self.now = now
        self.store = store
        self.memory = memory
    }

    /// What the first mirror gives that can. Those that failed in passing are asked again after a pause, a few times.
    ///
    /// - Parameter isFinal: faults after which no other mirror is asked, besides those that are no mirror's.
    /// - Throws: the worst fault when none can: that somebody served something wrong must not hide behind a mirror that was
    ///   merely away.
    func ask<Result>(
        isFinal: (any ReportableFault) -> Bool = { _ in false }, _ body: (any RepositoryMirror) throws -> Result
    ) throws -> Result {
        var faults: [MirrorComplaint] = []
        var candidates = order
        for repetition in 0...max(0, habits.repetitions) where !candidates.isEmpty {
            if repetition > 0 { habits.wait(BackOff.seconds(before: repetition, chance: habits.chance())) }
            var passing: [any RepositoryMirror] = []
            for mirror in candidates {
                asked.insert(mirror.name)
                do { return try body(mirror) } catch let fault as any ReportableFault {
                    guard fault.isMirrors, !isFinal(fault) else { throw fault }
                    faults.append(MirrorComplaint(mirror: mirror.name, fault: fault))
                    try remember(fault, of: mirror.name)
                    if fault.isPassing { passing.append(mirror) }
                }
            }
            candidates = passing
        }
        throw faults.worstNamingAll ?? AgentFault(.targetUnavailable, expected: "at least one mirror")
    }

    /// It gave a whole repository: it is asked first, in this run and the next.
    func served(_ mirror: any RepositoryMirror) throws {
        if let index = order.firstIndex(where: { $0.name == mirror.name }) {
            order.insert(order.remove(at: index), at: 0)
        }
        for aside in aside.values.sorted(by: { $0.mirror < $1.mirror }) where !asked.contains(aside.mirror) {
            complain(
                aside.mirror,
                AgentFault(.mirrorAside, found: aside.code, expected: "nothing until \(UTCTime.encode(aside.until))"))
        }
        memory.served(mirror.name)
        try save()
    }

    private func remember(_ fault: any ReportableFault, of mirror: String) throws {
        let isFirst = complaints.allSatisfy { $0.mirror != mirror || !$0.fault.isMisbehaviour }
        complain(mirror, fault)
        guard isFirst, fault.isMisbehaviour else { return }
        // For what is still to be fetched, too, others come first.
        order = order.filter { $0.name != mirror } + order.filter { $0.name == mirror }
        memory.misbehaved(mirror, code: fault.codeText, at: now)
        try save()
    }

    private func complain(_ mirror: String, _ fault: any ReportableFault) {
        guard !complaints.contains(where: { $0.mirror == mirror && $0.fault.codeText == fault.codeText }) else {
            return
        }
        complaints.append(MirrorComplaint(mirror: mirror, fault: fault))
    }

    private func save() throws {
        guard let store else { return }
        memory = memory.kept(for: order.map(\.name), at: now)
        guard try store.load() != memory else { return }
        try store.save(memory)
    }
}

/// A mirror that could not be used, and why. The agent went on with another one.
package struct MirrorComplaint: Sendable {
    package let mirror: String
    package let fault: any ReportableFault
}

extension ReportableFault {
    /// Whether another mirror may do better.
    var isMirrors: Bool { family == .transport || family == .refusal }

    /// The log itself signed what contradicts it. One mirror that shows so is enough, whatever others hide.
    var isProvenFork: Bool { (self as? LogFault)?.code == .fork }

    /// Whether the same mirror may do better in a moment.
    var isPassing: Bool { (self as? TransportFault)?.isPassing ?? false }

    /// Whether the mirror gave something wrong. What keyholders signed is not its doing.
    var isMisbehaviour: Bool {
        if let fault = self as? AgentFault { return fault.code == .wrongHash }
        return family == .refusal || (self as? TransportFault)?.code == .malformed
    }
}

extension [MirrorComplaint] {
    /// The worst, which names one mirror. Where several were merely away, its advice names all.
    fileprivate var worstNamingAll: (any ReportableFault)? {
        guard let worst, worst.family == .transport, Set(map(\.mirror)).count > 1 else { return worst }
        var seen: Set<String> = []
        let names = filter { seen.insert($0.mirror).inserted }.map { "\($0.mirror) [\($0.fault.codeText)]" }
        return worst.hinting(
            "none of these serves: \(names.joined(separator: ", "))" + (worst.hint.map { "; \($0)" } ?? ""))
    }

    /// A fork if there is one, else a refusal, else the last fault.
    var worst: (any ReportableFault)? {
        (first { $0.fault.isProvenFork } ?? last { $0.fault.family == .refusal } ?? last)?.fault
    }
}
