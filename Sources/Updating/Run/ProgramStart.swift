import Primitives

/// How a program begins, and so what it takes to run it: pure, of its first bytes.
enum ProgramStart: Hashable, Sendable {
    /// The kernel runs it by itself.
    case binary
    /// `#!`, the interpreter, and the rest of the line as the one argument that the kernel makes of it.
    case script(interpreter: String, argument: String)
    /// The kernel does not know what to do with it.
    case unknown

    /// Bytes that are needed to tell; the kernel reads no more of a first line either.
    static let length = 256

    init(_ beginning: [UInt8]) {
        if beginning.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            self = .binary
            return
        }
        guard beginning.starts(with: "#!".utf8) else {
            self = .unknown
            return
        }
        let line = beginning.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let text = line.drop(while: Self.isBlank)
        let word = text.prefix { !Self.isBlank($0) }
        let rest = text.dropFirst(word.count).drop(while: Self.isBlank)
        let end = rest.lastIndex { !Self.isBlank($0) }
        self = .script(
            interpreter: String(decoding: word, as: UTF8.self),
            argument: end.map { String(decoding: rest[...$0], as: UTF8.self) } ?? "")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Nobody wants it, and no shell takes it: the file was written under Windows. Perl takes it for a blank.
    var hasCarriageReturn: Bool {
        guard case .script(let interpreter, let argument) = self else { return false }
        return interpreter.utf8.last == 13 || (argument.utf8.last == 13 && !interpreter.contains("perl"))
    }

    /// What `env` is to look for along its PATH; nil where it is something else, or is told more than a name.
    var soughtByEnv: String? {
        guard case .script(let interpreter, let argument) = self, interpreter.hasSuffix("/env"), !argument.isEmpty
        else { return nil }
        if !argument.hasPrefix("-") { return argument.contains("=") ? nil : argument }
        // env splits the argument itself where it begins with -S, and takes it for one name otherwise.
        guard argument.hasPrefix("-S") else { return nil }
        let name = argument.dropFirst(2).split(whereSeparator: \.isWhitespace).first.map(String.init)
        guard let name, !name.hasPrefix("-"), !name.contains(where: { "=\"'$\\".contains($0) }) else { return nil }
        return name
    }
}
