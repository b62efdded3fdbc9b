import Primitives

// An edit makes one new file from one old one. Format: Documentation/formats/patch.md, "Edits".

/// Kinds of bytes that all edits of a patch write, in order, gathered by kind and compressed together.
package enum EditStream: UInt8, CaseIterable, Sendable {
    /// What is said once for an edit: which references are predicted, how many differences and corrections there are.
    case layout
    /// Of blocks: their lengths, how many bytes stand before each, and how far each old place is from the last block's end.
    case lengths, inserts, seeks
    /// Bytes that are in no block.
    case literals
    /// Where bytes of blocks differ, as distances, and by how much.
    case gaps, values
    /// Which references were predicted wrong, as distances, and by how much.
    case referenceGaps, referenceValues
    /// Files without blocks.
    case text
}

/// How a file is made from its reference.
package enum EditMethod: UInt8, Sendable {
    /// No reference: bytes in `text`.
    case literal
    /// The reference is in the dictionary: bytes in `text`.
    case text
    /// Blocks and differences.
    case copy
    /// The same for two programs, with their references predicted.
    case predicted
}

/// One file's edit, ready to be appended to the patch. Pure; made on any core; deterministic.
package struct EncodedEdit: Sendable {
    package let method: EditMethod
    /// Bytes of memory that the decoder needs for it.
    package let memory: Int
    /// Index is `EditStream.rawValue`.
    package let streams: [[UInt8]]
}

/// Pulls bytes of each stream, in order. Throws when a stream ends too early.
package protocol EditStreamReader {
    mutating func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws
    mutating func byte(_ stream: EditStream) throws -> UInt8
    /// A number of up to 64 bits.
    mutating func digits(_ stream: EditStream) throws -> UInt64
}

/// A file of the old tree by position. Reads exactly or throws.
package protocol OldFile {
    var count: Int { get }
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

package struct EditLimits: Sendable {
    /// Bytes that one edit may need at a time.
    package var memory: Int

    package init(memory: Int) { self.memory = memory }

    func check(_ bytes: Int) throws {
        guard bytes <= memory else {
            throw PatchFault(.tooMuchMemory, found: "\(bytes) bytes for one file", expected: "at most \(memory)")
        }
    }
}

extension EditStreamReader {
    mutating func number(_ stream: EditStream, atMost limit: Int) throws -> Int {
        let value = try digits(stream)
        guard value <= UInt64(max(limit, 0)) else {
            throw PatchFault(.malformed, found: "\(value)", expected: "at most \(limit)", at: "\(stream)")
        }
        return Int(value)
    }

    /// A number with a sign, which is its lowest bit.
    mutating func signedNumber(_ stream: EditStream) throws -> Int {
        let folded = try digits(stream)
        return Int(truncatingIfNeeded: folded >> 1) ^ -Int(truncatingIfNeeded: folded & 1)
    }

    /// 64 bits, seven a byte, the lowest first, the top bit on all but the last; never longer than it must be.
    package mutating func digits(_ stream: EditStream) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte(stream)
            value |= UInt64(byte & 0x7F) << shift
            guard byte < 0x80 else { continue }
            let isMinimal = byte != 0 || shift == 0
            guard isMinimal, shift < 63 || byte == 1 else { break }
            return value
        }
        throw PatchFault(.notCanonical, found: "a number in too many bytes", at: "\(stream)")
    }

    package mutating func byte(_ stream: EditStream) throws -> UInt8 {
        var byte: UInt8 = 0
        try withUnsafeMutableBytes(of: &byte) { try read(stream, into: $0) }
        return byte
    }
}
