import Primitives
import Processes
import SystemPackage
import Transport

/// The processes of one run that ask servers: one at a time, and each for one mirror alone. A mirror that takes over the process
/// that talks with it can speak for no other one, and learns nothing of them.
package final class AskingProcesses {
    let configuration: TransportConfiguration
    private let start: () throws -> any AskChannel
    private let goesOn: () -> Bool
    private let warn: ([String]) -> Void
    /// What an answer may take beyond what the limits allow its server: a busy machine, or a name that is looked up at length.
    private let margin: Duration
    /// The process there is, and the mirror it was used for.
    private var current: (line: AskLine, mirror: String?)?
    /// How often a mirror's process was lost.
    private var losses: [String: Int] = [:]
    private var hasWarned = false

    private static let mostLosses = 3

    /// `goesOn` is asked once a second while a server is waited for; false ends that (`transport/stopped`). `warn` is told what
    /// the sandbox cannot do, once.
    package init(
        _ configuration: TransportConfiguration, goesOn: @escaping () -> Bool = { true },
        warn: @escaping ([String]) -> Void, margin: Duration = .seconds(30),
        start: @escaping () throws -> any AskChannel
    ) {
        self.configuration = configuration
        self.start = start
        self.goesOn = goesOn
        self.warn = warn
        self.margin = margin
    }

    deinit { release() }

    /// A program that becomes an `AskingWorker` with these arguments.
    package static func channel(
        _ executable: FilePath, _ arguments: [String], user: ProcessUser? = nil
    ) throws -> Companion {
        try Companion(
            ProcessRequest(
                executable: executable, arguments: arguments,
                environment: ["LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"], user: user, timeLimit: .zero))
    }

    /// Starts a process that the first mirror to be asked will need. What goes wrong is said by the first request.
    package func prepare() {
        if current == nil { current = (try? makeLine()).map { ($0, nil) } }
    }

    /// Ends the process there is. Another request starts another one.
    package func release() {
        _ = current?.line.end()
        current = nil
    }

    /// For the mirror at `base`.
    package func client(for base: String) -> ConfinedClient { ConfinedClient(base, self) }

    func ask(
        _ request: AskRequest, of mirror: String, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (end: AskEnd, received: Int) {
        let line = try line(for: mirror)
        let answer: AskLine.Answer
        do {
            let deadline = ContinuousClock.now + request.patience(configuration.limits) + margin
            answer = try line.ask(request, limit: request.limit, until: deadline, into: sink)
        } catch let trouble as AskTrouble {
            throw fault(trouble, of: mirror, line)
        } catch {
            release()
            throw error
        }
        switch answer {
        case .end(let end, let received): return (end, received)
        case .fault(let fault): throw fault
        }
    }

    /// For what a process should never do, though each of its frames was in order.
    func senseless(_ found: String, of mirror: String) -> any Error {
        guard let line = current?.line else { return AskTrouble.ended }
        return fault(.senseless(found), of: mirror, line)
    }

    private func line(for mirror: String) throws -> AskLine {
        if let current, current.mirror == mirror || current.mirror == nil {
            self.current = (current.line, mirror)
            return current.line
        }
        release()
        if let count = losses[mirror], count >= Self.mostLosses {
            throw TransportFault(
                .workerEnded, found: "\(count) of them that ended in this run", at: HTTPAddress.displayed(mirror))
        }
        let line = try makeLine()
        current = (line, mirror)
        return line
    }

    private func makeLine() throws -> AskLine {
        AskLine(
            try start(), order: AskOrder.encode(configuration), goesOn: goesOn,
            warn: { [weak self] gaps in
                guard let self, !hasWarned else { return }
                hasWarned = true
                warn(gaps)
            })
    }

    /// Gives the process up; what to say of it.
    private func fault(_ trouble: AskTrouble, of mirror: String, _ line: AskLine) -> any Error {
        current = nil
        let (ending, place) = (line.end(), HTTPAddress.displayed(mirror))
        if case .notStarted(let fault) = ending { return fault }
        if case .stopped = trouble { return TransportFault(.stopped, found: "the agent is to end", at: place) }
        losses[mirror, default: 0] += 1
        switch trouble {
        case .senseless(let found): return TransportFault(.workerAnswer, found: found, at: place)
        case .timedOut: return TransportFault(.timedOut, found: "no answer of the process that asks it", at: place)
        case .ended, .stopped: return TransportFault(.workerEnded, found: ending.text, at: place)
        }
    }
}

extension Companion.Ending {
    fileprivate var text: String {
        switch self {
        case .notStarted(let fault): fault.message
        case .ended(.exited(let status)): "exit status \(status)"
        case .ended(.signalled(let number)): "signal \(number)"
        case .ended(.timedOut), .stopped: "a closed channel"
        case .unknown: "nobody"
        }
    }
}
