import CommandSupport
import Dispatch
internal import Glibc
import Primitives

/// SIGTERM and SIGINT end the program at once, with status 0, whatever it is doing: what a monitor remembers is whole at
/// every instant.
struct LeaveOnSignal {
    private let sources: [any DispatchSourceSignal]

    init() {
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { _exit(0) }
            source.resume()
            return source
        }
    }
}

/// Times as the command line takes them.
enum TimeSpan {
    private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    /// `90`, `90s`, `15m`, `2h`, `1d`, up to 30 days.
    static func seconds(_ text: String, option: String) throws -> Double {
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard let number = Int(digits), 0...2_592_000 ~= Double(number) * (unit ?? 1) else {
            throw CommandFault(.arguments, found: "\(option) \(text)", expected: "a time such as 90s, 15m or 2h")
        }
        return Double(number) * (unit ?? 1)
    }

    static func sleep(seconds: Double) {
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + seconds)
    }
}
