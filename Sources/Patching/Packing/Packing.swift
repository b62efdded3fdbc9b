/// How bytes are packed. The one byte for each is in Documentation/formats/patch.md.
package enum Packing: Hashable, Sendable {
    case stored
    /// One zstd frame without magic, checksum, dictionary id and content size.
    case zstd
    /// Raw LZMA1 without its first byte, its end marker and whatever zero bytes replace at its end.
    case lzma(LZMAParameters)

    package static let maximumTrailingZeros = 16

    init?(code: UInt8) {
        switch code {
        case 0: self = .stored
        case 1: self = .zstd
        default:
            guard let parameters = LZMAParameters(code: code - 2) else { return nil }
            self = .lzma(parameters)
        }
    }

    var code: UInt8 {
        switch self {
        case .stored: 0
        case .zstd: 1
        case .lzma(let parameters): parameters.code + 2
        }
    }
}

/// LZMA's literal context, literal position and position bits.
package struct LZMAParameters: Hashable, Sendable {
    package let lc: Int
    package let lp: Int
    package let pb: Int

    /// Nil for what liblzma does not take.
    package init?(lc: Int, lp: Int, pb: Int) {
        guard lc >= 0, lp >= 0, lc + lp <= 4, (0...4).contains(pb) else { return nil }
        (self.lc, self.lp, self.pb) = (lc, lp, pb)
    }

    init?(code: UInt8) {
        let code = Int(code)
        self.init(lc: code % 9, lp: code / 9 % 5, pb: code / 45)
    }

    var code: UInt8 { UInt8(9 * (5 * pb + lp) + lc) }
}

/// Packs whole streams; an adapter over compression libraries. Deterministic.
package protocol StreamPacker: Sendable {
    /// `bytes`, packed so that unpacking needs no more than `window` bytes of what came before. `dictionary`, which is in
    /// the window too, is what came before the first; it is given for LZMA only. Not asked for `.stored`.
    func pack(_ bytes: [UInt8], as packing: Packing, window: Int, dictionary: [UInt8]) throws -> [UInt8]
}

/// Opens packed streams; an adapter over compression libraries.
package protocol StreamUnpacker: Sendable {
    /// A reader of exactly `count` unpacked bytes that needs `window` bytes of memory. Not asked for `.stored`.
    ///
    /// `isReadInParts`: it is read in small parts with other work between them, so some of it may be unpacked before it is
    /// asked for. What is read, and what is thrown and where, does not depend on that.
    func open(
        _ packing: Packing, count: Int, window: Int, isReadInParts: Bool, source: PackedPiece
    ) throws -> any UnpackedStream
}

/// A part of a patch that is packed as one.
package struct PackedPiece: Sendable {
    /// Fills the buffer with the next packed bytes and says how many; 0 at the end.
    package typealias Reader = (UnsafeMutableRawBufferPointer) throws -> Int

    private let patch: any PatchBytes
    private let range: Range<Int>

    init(_ patch: any PatchBytes, _ range: Range<Int>) {
        (self.patch, self.range) = (patch, range)
    }

    /// Reads from the front to the back.
    package var inOrder: Reader {
        var position = range.lowerBound
        return { buffer in
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<min(buffer.count, range.upperBound - position)])
            if !part.isEmpty { try patch.read(at: position, into: part) }
            position += part.count
            return part.count
        }
    }
}

/// A stream that is being unpacked. Not for use from two threads at once.
package protocol UnpackedStream: AnyObject {
    /// Fills all of `buffer` with the next bytes. Throws when there are not as many.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws
    /// Throws unless all was read, and all packed bytes were used.
    func finish() throws
    /// Nothing is asked of the source any more, on any thread, once this returns. Nothing is read afterwards.
    func stop()
}

extension UnpackedStream {
    package func stop() {}
}
