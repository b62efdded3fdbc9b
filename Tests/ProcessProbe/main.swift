// What a test cannot do to its own process: be killed while it runs a program, or enter a sandbox. Not installed.
//
//     process-probe run SCRIPT
//     process-probe accompany SCRIPT
//     process-probe sandbox [--read PATH | --write PATH | --network | --programs | --reads | --thread | --none]... -- [ACTION ARGUMENT]...
//
// Prints a line for each gap, and for each action its error number, or 0.

import Glibc
import Processes
import SystemPackage

var rest = Array(CommandLine.arguments.dropFirst())
let mode = rest.isEmpty ? "" : rest.removeFirst()

func outcome(_ result: Int32) -> Int32 {
    let error = errno
    if result > 2 { close(result) }
    return result < 0 ? error : 0
}

func spawn(_ program: String) -> Int32 {
    var child: pid_t = 0
    let error = posix_spawn(&child, program, nil, nil, [strdup(program), nil], [nil])
    if error == 0 { waitpid(child, nil, 0) }
    return error
}

func connect(_ descriptor: Int32, port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            outcome(Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)))
        }
    }
}

/// io_uring_setup, for which there is no function; Swift has none with a variable number of arguments either.
func makeRing() -> Int32 {
    guard let symbol = dlsym(nil, "syscall") else { return -1 }
    typealias SystemCall = @convention(c) (Int, Int, Int) -> Int
    return outcome(Int32(truncatingIfNeeded: unsafeBitCast(symbol, to: SystemCall.self)(425, 1, 0)))
}

let stream = Int32(SOCK_STREAM.rawValue)
/// Made before the sandbox is entered.
let earlier = socket(AF_INET, stream, 0)

func perform(_ action: String, _ argument: String) -> Int32 {
    switch action {
    case "read": outcome(open(argument, O_RDONLY))
    case "write": outcome(open(argument, O_WRONLY | O_CREAT, 0o644))
    case "truncate": outcome(Glibc.truncate(argument, 0))
    case "remove": outcome(unlink(argument))
    case "move": outcome(rename(argument, argument + ".moved"))
    case "list": outcome(open(argument, O_RDONLY | O_DIRECTORY))
    case "spawn": spawn(argument)
    case "chmod": outcome(chmod(argument, 0o600))
    case "make": outcome(mkdir(argument, 0o755))
    case "cut": outcome(open(argument, O_RDONLY | O_TRUNC))
    case "listen": outcome(listen(socket(AF_INET, stream, 0), Int32(argument) ?? 1))
    case "raw": outcome(socket(Int32(argument) ?? -1, Int32(SOCK_RAW.rawValue), 0))
    case "socket": outcome(socket(Int32(argument) ?? -1, Int32(SOCK_DGRAM.rawValue), 0))
    case "connect": connect(socket(AF_INET, stream, 0), port: UInt16(argument) ?? 0)
    case "connect-earlier": connect(earlier, port: UInt16(argument) ?? 0)
    case "signal": outcome(kill(pid_t(argument) ?? 0, 0))
    case "ring": makeRing()
    default: -1
    }
}

func sandbox(_ arguments: [String]) {
    var rest = arguments
    var sandbox = Sandbox()
    var isOn = true
    while let option = rest.first, option != "--" {
        rest.removeFirst()
        switch option {
        case "--read": sandbox.readOnly.append(FilePath(rest.removeFirst()))
        case "--write": sandbox.readWrite.append(FilePath(rest.removeFirst()))
        case "--network": sandbox.allowsNetwork = true
        case "--programs": sandbox.allowsPrograms = true
        case "--reads": sandbox.onlyReads = true
        case "--thread":
            var thread = pthread_t()
            pthread_create(&thread, nil, { _ in while true { pause() } }, nil)
        default: isOn = false
        }
    }
    if isOn { for gap in sandbox.enter() { print("gap: \(gap)") } }
    let actions = Array(rest.dropFirst())
    for index in stride(from: 0, to: actions.count - 1, by: 2) {
        print("\(actions[index]) \(actions[index + 1]): \(perform(actions[index], actions[index + 1]))")
    }
}

switch mode {
case "run":
    let request = ProcessRequest(
        executable: "/bin/sh", arguments: ["-c", rest.first ?? ""], environment: ["PATH": "/usr/bin:/bin"],
        timeLimit: .seconds(1000))
    print(
        (try? ProcessRunner(grace: .milliseconds(100)).run(request)).map { "\($0.outcome), left \($0.survivors)" }
            ?? "fault")
case "accompany":
    let request = ProcessRequest(
        executable: "/bin/sh", arguments: ["-c", rest.first ?? ""], environment: ["PATH": "/usr/bin:/bin"],
        timeLimit: .zero)
    let companion = try? Companion(request)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
    print(companion?.receive(into: buffer, within: .seconds(1000)) ?? .ended)
case "sandbox": sandbox(rest)
default: exit(64)
}
