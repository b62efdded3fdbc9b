import DurableStorage
import FoundationEssentials
import Primitives
import SystemPackage

extension Agent {
    private var tellsAnybody: Bool { !configuration.notify.channels.isEmpty || configuration.metrics.isWanted }

    /// After a run, with the lock still held: tells people what they have to know, and writes the metrics. Nothing here
    /// can make a run fail: what does not succeed is written to the output folder, and tried again next time.
    func tell(_ operation: AgentOperation, _ report: (any ToldReport)?, _ fault: (any ReportableFault)? = nil) {
        do {
            var memory = try instance.noticeMemory()
            memory = NoticeRules(settings: configuration.notify).after(try facts(operation, report, fault), memory)
            // Before anything is sent: what is sent twice is better than what is lost.
            try instance.setNoticeMemory(memory)
            let due = memory.outgoing
            let troubles = deliver(&memory.outgoing)
            try? instance.keepTroubles(troubles, named: "notify", at: ports.now)
            if memory.outgoing != due { try instance.setNoticeMemory(memory) }
        } catch {
            try? instance.keepTroubles([Self.text(error)], named: "notify", at: ports.now)
        }
        writeMetrics()
    }

    private func facts(
        _ operation: AgentOperation, _ report: (any ToldReport)?, _ fault: (any ReportableFault)?
    ) throws -> RunFacts {
        var facts = RunFacts(operation: operation, time: ports.now)
        facts.fault = fault
        facts.isTroubled = try instance.lastError() != nil
        // All that is remembered then is when it was.
        guard tellsAnybody else { return facts }
        facts.held = report?.held
        facts.complaints = report?.complaints ?? []
        facts.expires = (try? status())?.metadata?.expires
        facts.history = try instance.history()
        facts.manifest = { (try? instance.keptManifest($0)) ?? nil }
        return facts
    }

    private func deliver(_ outgoing: inout [NoticeMemory.Outgoing]) -> [String] {
        NoticeDelivery(
            settings: configuration.notify,
            sender: NoticeSender(
                host: ports.host, product: configuration.product, channel: configuration.channel),
            now: ports.now, run: ports.processes
        ).deliver(&outgoing)
    }

    private func writeMetrics() {
        guard let file = configuration.metrics.file else { return }
        do {
            let text = Metrics.text(of: try status(), at: ports.now)
            try storage.write(Array(text.utf8), to: file)
            try instance.keepTroubles([], named: "metrics", at: ports.now)
        } catch {
            try? instance.keepTroubles([Self.text(error)], named: "metrics", at: ports.now)
        }
    }

    private static func text(_ error: any Error) -> String {
        (error as? any ReportableFault).map { "[\($0.codeText)] \($0.message)\n" } ?? "\(error)\n"
    }
}

extension Instance {
    /// What went wrong when somebody was to be told; nothing is left of it when all went well.
    fileprivate func keepTroubles(_ troubles: [String], named name: String, at time: Date) throws {
        let file = folders.output.appending("\(name).txt")
        guard !troubles.isEmpty else { return try storage.remove(file) }
        try storage.makeDirectory(folders.output, mode: .privateDirectory)
        let text = "\(UTCTime.encode(time))\n" + troubles.joined()
        try storage.write(Array(text.utf8), to: file, mode: .privateFile)
    }
}
