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
    /// Fills the buffer with the next packed bytes and says how many; 0 at the end.
    typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

    /// A reader of exactly `count` unpacked bytes that needs `window` bytes of memory. Not asked for `.stored`.
    func open(
        _ packing: Packing, count: Int, window: Int, source: @escaping Source
    ) throws -> any UnpackedStream
}

/// A stream that is being unpacked. Not for use from two threads at once.
package protocol UnpackedStream: AnyObject {
    /// Fills all of `buffer` with the next bytes. Throws when there are not as many.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws
    /// Throws unless all was read, and all packed bytes were used.
    func finish() throws
}
