internal import CLinux
internal import Glibc
import Primitives
import SystemPackage

/// The person at the terminal, if there is one.
package enum Terminal {
    /// Whether we may ask: standard input is a terminal.
    package static var canAsk: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether progress may be drawn: standard error is a terminal.
    package static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal at standard error; nil when there is none, or it does not say.
    package static var width: Int? {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static let longestAnswer = 256

    /// Asks a question that is answered with yes or no; anything but `y` or `yes` is no.
    ///
    /// Throws a usage fault when there is nobody to ask. `flag` is the option that answers in advance.
    package static func confirm(_ question: String, flag: String = "--yes") throws -> Bool {
        guard canAsk else {
            throw CommandFault(.notATerminal, hint: "add \(flag) to answer it in advance")
        }
        let terminal = try openTerminal()
        defer { try? terminal.close() }
        try write(Array("\(question.escapingUnprintable()) [y/N] ".utf8), to: terminal)
        var answer = [UInt8](repeating: 0, count: longestAnswer)
        let count = read(terminal.rawValue, &answer, answer.count)
        let words = String(decoding: answer.prefix(max(0, count)), as: UTF8.self).lowercased()
        return words == "y\n" || words == "yes\n"
    }

    /// Asks for one line that is not shown, on `/dev/tty`, and puts it into `buffer`, without its line break.
    ///
    /// Returns the number of bytes; a line that does not fit is a fault. The terminal is as before afterwards, also
    /// when a signal ends the process. The bytes stand nowhere else in this process.
    package static func readHidden(prompt: String, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let terminal = try openTerminal()
        defer { try? terminal.close() }
        let prompt = "\(prompt.escapingUnprintable()): "
        let count = prompt.withCString { text in
            sceau_read_hidden_line(terminal.rawValue, text, prompt.utf8.count, buffer.baseAddress, buffer.count)
        }
        let error = Errno(rawValue: errno)
        try write([UInt8(ascii: "\n")], to: terminal)
        guard count >= 0 else { throw CommandFault(.terminal, found: error.description.lowercased()) }
        return count
    }

    private static func openTerminal() throws(CommandFault) -> FileDescriptor {
        let raw = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard raw >= 0 else {
            throw CommandFault(.terminal, found: Errno(rawValue: errno).description.lowercased(), at: "/dev/tty")
        }
        return FileDescriptor(rawValue: raw)
    }
}
