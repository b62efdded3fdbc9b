internal import Glibc
import Primitives
import SystemPackage

/// Runs programs, one call each, and leaves nothing of them running.
///
/// A program gets what the request says and nothing else: its arguments without a shell, its environment, descriptors 0,
/// 1 and 2, a session of its own, umask 022, and every signal as it is by default. When it ends or its time is up, it
/// and all that descends from it get SIGTERM, and after the grace SIGKILL, also what made a session of its own or lost
/// its parents. So a daemon is not started here but by the service manager. However it behaves, a call takes no longer
/// than limit, grace and patience, and no more memory than `outputLimit` and a constant.
package struct ProcessRunner: Sendable {
    private let grace: Duration
    private let patience: Duration

    /// Enough for a pipe that was made as large as an ordinary user may; what was written before the end is there.
    private static let mostAfterEnd = 1 << 20

    /// `grace` is between SIGTERM and SIGKILL. `patience` comes after both: half of it is for what does not go away when it
    /// gets SIGKILL, the rest for a keeper that does not answer, which only a program of the agent's own user can bring about.
    package init(grace: Duration = .seconds(5), patience: Duration = .seconds(20)) {
        self.grace = grace
        self.patience = patience
    }

    /// Returns how the program ended, or throws when it never began. Blocks the thread; calls `whileWaiting` at least
    /// once a second meanwhile.
    package func run(
        _ request: ProcessRequest, whileWaiting: (() -> Void)? = nil
    ) throws(ProcessFault) -> ProcessResult {
        try request.check()
        do {
            // First, because its clock begins now.
            var exchange = Exchange(outputLimit: request.outputLimit)
            let keeper = try Keeper(request, grace: grace, killTime: patience / 2)
            exchange.follow(keeper, until: .now + deadline(request), whileWaiting)
            if exchange.isOver {
                keeper.collect()
            } else {
                keeper.abandon()
            }
            exchange.drain(keeper.output, atMost: Self.mostAfterEnd)
            return try result(exchange, request)
        } catch let error as Errno {
            throw ProcessFault(.failed, found: error.description.lowercased(), at: request.executable.string)
        } catch let fault as ProcessFault {
            throw fault
        } catch {
            throw ProcessFault(.failed, at: request.executable.string)
        }
    }

    private func deadline(_ request: ProcessRequest) -> Duration {
        .milliseconds(request.timeLimit.milliseconds) + .milliseconds(grace.milliseconds) + patience
    }

    private func result(_ exchange: Exchange, _ request: ProcessRequest) throws(ProcessFault) -> ProcessResult {
        let reports = exchange.reports
        if let fault = reports.fault(request) { throw sharpened(fault, request) }
        guard let outcome = reports.outcome, reports.isDone else {
            throw ProcessFault(
                .failed, found: "the process that watches it ended or stopped", at: request.executable.string,
                hint: "it was killed from outside, perhaps for want of memory; what the program did is not known")
        }
        return ProcessResult(
            outcome: outcome, output: exchange.output.bytes, isCut: exchange.output.isCut, duration: reports.duration,
            leftProcesses: reports.leftProcesses, survivors: reports.survivors)
    }

    /// The kernel says of a script that it is not there when its interpreter is not.
    private func sharpened(_ fault: ProcessFault, _ request: ProcessRequest) -> ProcessFault {
        guard fault.code == .notFound, fault.location == request.executable.string,
            access(request.executable.string, F_OK) == 0
        else { return fault }
        return ProcessFault(
            .notExecutable, found: "a program whose interpreter is not there", at: request.executable.string)
    }
}

/// What is heard of one program: its output, and the keeper's reports.
private struct Exchange {
    var output: KeptOutput
    var reports = KeeperReports()
    /// The keeper has said all, or is gone.
    private(set) var isOver = false
    private var outputIsOpen = true
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(outputLimit: Int) { output = KeptOutput(limit: outputLimit) }

    mutating func follow(
        _ keeper: borrowing Keeper, until deadline: ContinuousClock.Instant, _ whileWaiting: (() -> Void)?
    ) {
        let longestWait: Int64 = whileWaiting == nil ? 3_600_000 : 1000
        while !isOver, deadline > .now {
            whileWaiting?()
            // One that is closed is not asked about any more: it would be ready for ever.
            var sources = [
                pollfd(fd: keeper.reports.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: outputIsOpen ? keeper.output.raw : -1, events: Int16(POLLIN), revents: 0),
            ]
            let wait = min(ContinuousClock.now.duration(to: deadline).milliseconds + 1, longestWait)
            guard poll(&sources, 2, Int32(wait)) > 0 else { continue }
            // A chunk at a time: a flood does not keep the keeper from being heard.
            if sources[1].revents != 0 { readOutput(keeper.output) }
            if sources[0].revents != 0 { readReports(keeper.reports) }
        }
    }

    private mutating func readReports(_ source: borrowing OpenDescriptor) {
        let outcome = buffer.withUnsafeMutableBytes { source.read(into: $0) }
        switch outcome {
        case .bytes(let count): buffer.withUnsafeBytes { reports.append(.init(rebasing: $0[..<count])) }
        case .ended: isOver = true
        case .nothingYet: break
        }
        if reports.isDone { isOver = true }
    }

    @discardableResult
    private mutating func readOutput(_ source: borrowing OpenDescriptor) -> Int {
        let outcome = buffer.withUnsafeMutableBytes { source.read(into: $0) }
        switch outcome {
        case .bytes(let count):
            buffer.withUnsafeBytes { output.append(.init(rebasing: $0[..<count])) }
            return count
        case .ended: outputIsOpen = false
        case .nothingYet: break
        }
        return 0
    }

    /// What is in the pipe already. Nobody waits for its end: a survivor may hold it open.
    mutating func drain(_ source: borrowing OpenDescriptor, atMost limit: Int) {
        var rest = limit
        while rest > 0, outputIsOpen {
            let count = readOutput(source)
            if count == 0 { return }
            rest -= count
        }
    }
}
