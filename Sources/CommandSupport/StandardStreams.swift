import CanonicalJSON
import Primitives
import SystemPackage

/// The reader of our output has left. The tool ends without a word, since nobody listens, and with status 1.
package struct OutputClosed: Error {}

/// What a command answers. Nothing is buffered: what was printed has left the process.
///
/// Text is printed with everything a terminal would act on escaped; a line break in it begins a new line.
package enum StandardOutput {
    package static func print(_ text: String) throws {
        try write(text, to: .standardOutput)
    }

    package static func print(_ lines: [String]) throws {
        if !lines.isEmpty { try write(lines.joined(separator: "\n"), to: .standardOutput) }
    }

    /// One JSON object (or any value) on a line of its own.
    package static func print(_ json: JSONValue) throws {
        try write(json.lineEncoding + [UInt8(ascii: "\n")], to: .standardOutput)
    }
}

/// What is said beside the answer: errors, hints, progress. A message that cannot be written is lost.
package enum StandardError {
    package static func print(_ text: String) throws {
        try write(text, to: .standardError)
    }
}

private func write(_ text: String, to file: FileDescriptor) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let escaped = lines.map { String($0).escapingUnprintable() + "\n" }.joined()
    try write(Array(escaped.utf8), to: file)
}

func write(_ bytes: [UInt8], to file: FileDescriptor) throws {
    do { try file.writeAll(bytes) } catch let error as Errno {
        if error == .brokenPipe { throw OutputClosed() }
        throw CommandFault(.output, found: error.description.lowercased())
    }
}
