import ArgumentParser
import Auditing
import CommandSupport
import DurableStorage
import FoundationEssentials
import Primitives
import SystemPackage
import TUF
import TransparencyLog
import Transport

struct FollowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Watch a log and everything around it, and ring when something is wrong.",
        discussion: """
            Reads each new entry, and compares the source, its mirrors and what the \
            witnesses show. Alarms go to standard error; evidence that others can check \
            goes into the folder `evidence` of --state. An alarm has an id; it rings in \
            each round until it is over or acknowledged.

            With --once, exit status: 0 nothing rings, 3 something does, 1 it could not \
            look. Without, it goes on until SIGTERM; that may come at any time, since what \
            is remembered is written only after the alarms were told.
            """)

    @Argument(help: "What to watch: an address (http: or https:), or the published folder.")
    var source: String

    @Option(help: ArgumentHelp("The root to start from, from a source you trust.", valueName: "root.json"))
    var root: FilePath

    @Option(help: ArgumentHelp("Where to remember what was seen; made when missing.", valueName: "folder"))
    var state: FilePath

    @Option(help: ArgumentHelp("Another place that should show the same. May be repeated.", valueName: "url"))
    var mirror: [String] = []

    @Option(help: ArgumentHelp("Time between rounds: 90s, 15m, 2h.", valueName: "time"))
    var interval = "15m"

    @Option(
        help: ArgumentHelp("Time before a second look, when it may be a publication under way.", valueName: "time"))
    var grace = "20s"

    @Flag(help: "One round only.")
    var once = false

    @Option(
        help: ArgumentHelp(
            "Your public key: whatever it signed rings until you acknowledge it. May be repeated.",
            valueName: "name.pub"))
    var mine: [FilePath] = []

    @Option(
        help: ArgumentHelp(
            "Where to ask a witness, if not where the policy says. May be repeated.", valueName: "name=url"))
    var witness: [String] = []

    @Option(
        help: ArgumentHelp(
            "Take down that you know of an alarm, by its id, or `all` that wait for it; and leave. May be repeated.",
            valueName: "id"))
    var acknowledge: [String] = []

    @Flag(help: "Also print one JSON object a line on standard output: each alarm, and each round.")
    var json = false

    func run() throws {
        if !acknowledge.isEmpty {
            let ids = try Monitor.acknowledge(acknowledge, in: state)
            return try StandardOutput.print(ids.isEmpty ? ["nothing waits"] : ids.map { "acknowledged \($0)" })
        }
        let interval = try TimeSpan.seconds(interval, option: "--interval")
        let grace = try TimeSpan.seconds(grace, option: "--grace")
        let monitor = try makeMonitor(grace: grace)
        var output = AlarmOutput(json: json, evidence: state.appending("evidence"))
        if once {
            let report = try monitor.round(at: SystemClock.now) { try output.print($0, at: SystemClock.now()) }
            if !report.alarms.isEmpty { throw ExitCode(FaultFamily.refusal.exitStatus) }
            return
        }
        // A single round that was ended has no status to say that nothing rings; this one has.
        try withExtendedLifetime(LeaveOnSignal()) {
            while true {
                do {
                    try monitor.round(at: SystemClock.now) { try output.print($0, at: SystemClock.now()) }
                } catch let fault as any ReportableFault where [.transport, .local].contains(fault.family) {
                    try output.print(fault)
                }
                // Not all monitors of the world at one time.
                TimeSpan.sleep(seconds: interval * Double.random(in: 0.9...1.1))
            }
        }
    }

    private func makeMonitor(grace: Double) throws -> Monitor {
        let storage = DurableStorage()
        let limits = AuditLimits()
        let givenRoot = try storage.read(root, limit: limits.metadata.rootLength)
        let keys = try mine.map { path in
            try KeyholderKey(decoding: storage.read(path, limit: KeyholderKey.byteLimit), at: path.string)
        }
        return Monitor(try makePlaces(limits), givenRoot: givenRoot, folder: state, mine: keys, limits: limits) {
            TimeSpan.sleep(seconds: grace)
        }
    }

    private func makePlaces(_ limits: AuditLimits) throws -> FollowedPlaces {
        let client = try HTTPClient()
        // Who is not the source must not keep us waiting.
        var patience = TransportLimits()
        patience.connect = .seconds(15)
        patience.fetch = .seconds(30)
        let others = try HTTPClient(TransportConfiguration(limits: patience))
        var places = FollowedPlaces(source: try place(source, client, limits)) { url in
            switch try others.fetch(HTTPRequest(url: url, limit: SignedNote.byteLimit)) {
            case .ok(let bytes): bytes
            case .notFound, .notModified: nil
            }
        }
        places.mirrors = try mirror.map { try place($0, others, limits) }
        for text in witness {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw CommandFault(.arguments, found: "--witness \(text)", expected: "--witness NAME=URL")
            }
            try HTTPAddress.checkBase(parts[1])
            places.witnesses[ByteString(parts[0])] = parts[1]
        }
        return places
    }

    private func place(_ text: String, _ client: HTTPClient, _ limits: AuditLimits) throws -> FollowedPlaces.Place {
        guard text.contains("://") else {
            return .init(name: text) { try DirectorySource(FilePath(text), limits: limits) }
        }
        try HTTPAddress.checkBase(text)
        let scratch = state.appending("scratch")
        return .init(name: HTTPAddress.displayed(text)) {
            try DurableStorage().makeDirectory(scratch, mode: .privateDirectory)
            return try URLSource(text, client: client, scratch: scratch)
        }
    }
}
