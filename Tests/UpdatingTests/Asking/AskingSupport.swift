import Primitives
import Processes
import SystemPackage
import Transport

@testable import Updating

/// A process that says what the test says, and then ends or is silent.
final class ScriptedChannel: AskChannel {
    private var rest: ArraySlice<UInt8> = []
    /// One for each request.
    private var answers: [[UInt8]]
    private let isSilent: Bool
    private let piece: Int
    private(set) var sent: [UInt8] = []
    private(set) var ends = 0

    /// What it says before it is asked, and in answer to the first request; `later` to the next ones. `piece`: bytes that come
    /// at once.
    init(_ bytes: [UInt8], later: [[UInt8]] = [], thenSilent isSilent: Bool = false, piece: Int = .max) {
        let opening = bytes.starts(with: Asking.ready) ? Asking.ready.count : bytes.count
        rest = bytes.prefix(opening)
        answers = [Array(bytes.dropFirst(opening))] + later
        (self.isSilent, self.piece) = (isSilent, piece)
    }

    func send(_ bytes: [UInt8], within _: Duration) -> Bool {
        sent += bytes
        if bytes.first == AskFrame.Kind.request.rawValue, !answers.isEmpty { rest += answers.removeFirst() }
        return true
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, within _: Duration) -> Companion.News {
        let bytes = rest.prefix(min(piece, buffer.count))
        guard !bytes.isEmpty else { return isSilent ? .nothingYet : .ended }
        buffer.copyBytes(from: bytes)
        rest = rest.dropFirst(bytes.count)
        return .bytes(bytes.count)
    }

    func end() -> Companion.Ending {
        ends += 1
        return .ended(.exited(1))
    }
}

/// A real process that is killed once so many bytes have come from it.
final class MortalChannel: AskChannel {
    private let base: Companion
    private var left: Int

    init(_ base: Companion, after left: Int) { (self.base, self.left) = (base, left) }

    func send(_ bytes: [UInt8], within time: Duration) -> Bool { base.send(bytes, within: time) }

    func receive(into buffer: UnsafeMutableRawBufferPointer, within time: Duration) -> Companion.News {
        guard left > 0 else {
            base.end()
            return .ended
        }
        let news = base.receive(into: .init(rebasing: buffer.prefix(left)), within: time)
        if case .bytes(let count) = news { left -= count }
        return news
    }

    func end() -> Companion.Ending { base.end() }
}

enum Asking {
    /// The tools beside the tests.
    static let tools = FilePath(CommandLine.arguments[0]).removingLastComponent()

    static func real() throws -> Companion {
        try AskingProcesses.channel(tools.appending("sceau-agent"), ["fetch-worker"])
    }

    static func processes(
        _ configuration: TransportConfiguration = .init(), margin: Duration = .seconds(30),
        start: @escaping () throws -> any AskChannel = real, goesOn: @escaping () -> Bool = { true }
    ) -> AskingProcesses {
        AskingProcesses(configuration, goesOn: goesOn, warn: { _ in }, margin: margin, start: start)
    }

    /// What an honest process says first.
    static let ready = AskFrame.encode(.ready, AskGaps.encode([]))

    static func bytes(_ count: Int) -> [UInt8] { AskFrame.encode(.bytes, [UInt8](repeating: 7, count: count)) }

    static func end(_ end: AskEnd) -> [UInt8] { AskFrame.encode(.end, [end.rawValue]) }

    static func fault(_ text: String) -> [UInt8] { AskFrame.encode(.fault, Array(text.utf8)) }
}
