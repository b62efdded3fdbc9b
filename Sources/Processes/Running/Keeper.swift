internal import CProcess
internal import Glibc
import Primitives
import SystemPackage

/// The process between the agent and one program: it runs it, ends what is left of it and reports (`CProcess`).
///
/// It is the subreaper of everything the program starts, so that runs do not get each other's orphans, and it outlives
/// an agent that is killed by just as long as it takes to end them all.
struct Keeper: ~Copyable {
    /// What the program says.
    let output: OpenDescriptor
    let reports: OpenDescriptor
    private let process: pid_t
    /// Let go when this is released.
    private let leash: OpenDescriptor

    /// SIGKILL is tried for `killTime`; then what is left is counted and given up. `channel` becomes standard input in the
    /// place of the request's.
    init(_ request: ProcessRequest, grace: Duration, killTime: Duration, channel: Int32 = -1) throws(Errno) {
        let output = try Pipe()
        let report = try Pipe()
        let leash = try Pipe()
        try output.reading.makeNonBlocking()
        try report.reading.makeNonBlocking()
        let input = request.input.isEmpty ? nil : try OpenDescriptor(holding: request.input)
        var process = sceau_process()
        process.input = max(Self.number(of: input), channel)
        process.output = output.writing.raw
        process.report = report.writing.raw
        process.leash = leash.reading.raw
        process.limit_ms = request.timeLimit.milliseconds
        process.grace_ms = grace.milliseconds
        process.kill_ms = killTime.milliseconds
        self.process = try Self.start(&process, request)
        self.output = output.keepReading()
        reports = report.keepReading()
        self.leash = leash.keepWriting()
    }

    private static func number(of input: borrowing OpenDescriptor?) -> Int32 {
        switch input {
        case .some(let descriptor): descriptor.raw
        case .none: -1
        }
    }

    private static func start(_ process: inout sceau_process, _ request: ProcessRequest) throws(Errno) -> pid_t {
        let arguments = CStrings([request.executable.string] + request.arguments)
        let environment = CStrings(request.environment.map { "\($0.key)=\($0.value)" }.sorted())
        let paths = CStrings([request.executable.string, request.folder.string])
        process.executable = UnsafePointer(paths.pointers[0])
        process.folder = UnsafePointer(paths.pointers[1])
        process.arguments = UnsafePointer(arguments.pointers)
        process.environment = UnsafePointer(environment.pointers)
        let groups = request.user?.groups ?? []
        if let user = request.user {
            process.switches_user = 1
            process.user = user.uid
            process.group = user.gid
        }
        let (keeper, error) = groups.withUnsafeBufferPointer { groups in
            process.groups = groups.baseAddress
            process.group_count = groups.count
            let keeper = sceau_keep_process(&process)
            return (keeper, errno)
        }
        guard keeper > 0 else { throw Errno(rawValue: error) }
        return keeper
    }

    /// Waits for a keeper that is done, or was ended by `abandon`.
    func collect() { Self.collect(process) }

    /// Ends the keeper, and the program with it (PR_SET_PDEATHSIG).
    func abandon() { Self.abandon(process) }

    /// Lets go of the leash, upon which the keeper ends the program as if its time were up, and reports as ever.
    consuming func letGo() -> LeavingKeeper { LeavingKeeper(output: output, reports: reports, process: process) }

    fileprivate static func collect(_ process: pid_t) {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    fileprivate static func abandon(_ process: pid_t) {
        kill(process, SIGKILL)
        collect(process)
    }
}

/// A keeper that ends its program.
struct LeavingKeeper: ~Copyable {
    /// Open until the end: a program that writes is to be ended by its keeper, and by nothing else.
    fileprivate let output: OpenDescriptor
    fileprivate let reports: OpenDescriptor
    fileprivate let process: pid_t

    /// What it has to say until it is gone, or for `patience`; then it is ended itself.
    consuming func farewell(patience: Duration) -> KeeperReports {
        var said = KeeperReports()
        var buffer = [UInt8](repeating: 0, count: 256)
        let deadline = ContinuousClock.now + patience
        while !said.isDone {
            let left = ContinuousClock.now.duration(to: deadline).milliseconds
            var source = pollfd(fd: reports.raw, events: Int16(POLLIN), revents: 0)
            guard left > 0 else {
                Keeper.abandon(process)
                return said
            }
            guard poll(&source, 1, Int32(clamping: left)) > 0 else { continue }
            switch buffer.withUnsafeMutableBytes({ reports.read(into: $0) }) {
            case .bytes(let count): buffer.withUnsafeBytes { said.append(.init(rebasing: $0[..<count])) }
            case .nothingYet: break
            case .ended:
                Keeper.collect(process)
                return said
            }
        }
        Keeper.collect(process)
        return said
    }
}

extension Duration {
    /// At least 0, at most some thousand years, which nothing is added to that would not fit.
    var milliseconds: Int64 {
        let longest: Int64 = 1 << 50
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return seconds > longest / 1000 ? longest : seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
