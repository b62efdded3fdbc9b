import Primitives

// A stand-in: every edit is its new bytes. The seam is what stays.

/// Kinds of bytes that all edits of a patch write, in order, gathered by kind and compressed together.
package enum EditStream: UInt8, CaseIterable, Sendable {
    case control, seeks, literals, gaps, values, references, layout, text
}

/// How a file is made from its reference.
package enum EditMethod: UInt8, Sendable {
    /// No reference: bytes in `text`.
    case literal
    /// The reference is in the dictionary: bytes in `text`.
    case text
    /// Blocks and differences.
    case copy
    /// ELF with reference prediction.
    case predicted
}

/// One file's edit, ready to be appended to the patch. Pure; made on any core; deterministic.
package struct EncodedEdit: Sendable {
    package let method: EditMethod
    /// Bytes the decoder needs.
    package let memory: Int
    /// Index is `EditStream.rawValue`.
    package let streams: [[UInt8]]
}

package enum EditEncoder {
    package static func encode(old: UnsafeBufferPointer<UInt8>, new: UnsafeBufferPointer<UInt8>) -> EncodedEdit {
        var streams = [[UInt8]](repeating: [], count: EditStream.allCases.count)
        streams[Int(EditStream.text.rawValue)] = Array(new)
        return EncodedEdit(method: .literal, memory: 0, streams: streams)
    }
}

/// Pulls bytes of each stream, in order. Throws when a stream ends too early.
package protocol EditStreamReader {
    mutating func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws
}

/// A file of the old tree by position. Reads exactly or throws.
package protocol OldFile {
    var count: Int { get }
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

package struct EditLimits: Sendable {
    /// Bytes.
    package var memory: Int

    package init(memory: Int) { self.memory = memory }
}

package struct EditDecoder<Streams: EditStreamReader> {
    private var streams: Streams

    package init(_ streams: Streams, limits: EditLimits) {
        self.streams = streams
    }

    package mutating func decode(
        _ method: EditMethod, old: (any OldFile)?, count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard method == .literal || method == .text else { throw PatchFault(.malformed, found: "method \(method)") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var rest = count
        while rest > 0 {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(rest, buffer.count)])
            try streams.read(.text, into: part)
            try sink(UnsafeRawBufferPointer(part))
            rest -= part.count
        }
    }
}
