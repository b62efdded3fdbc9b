/// The header of one gzip member (RFC 1952, 2.3).
struct GzipHeader {
    /// Where the deflated stream begins, in the file.
    let end: Int
    let hint: CompressorHint

    private static let unix: UInt8 = 3
    private static let (checksumFlag, extraFlag, nameFlag, commentFlag): (UInt8, UInt8, UInt8, UInt8) = (2, 4, 8, 16)

    /// Nil when there is none at `start`.
    init?(_ file: UnsafeBufferPointer<UInt8>, at start: Int) {
        guard file.count - start >= 18, file[start] == 0x1F, file[start + 1] == 0x8B, file[start + 2] == 8 else {
            return nil
        }
        let flags = file[start + 3]
        var position = start + 10
        if flags & Self.extraFlag != 0 {
            position += 2 + Int(file[position]) + Int(file[position + 1]) << 8
        }
        for flag in [Self.nameFlag, Self.commentFlag] where flags & flag != 0 {
            guard position < file.count, let zero = file[position...].firstIndex(of: 0) else { return nil }
            position = zero + 1
        }
        if flags & Self.checksumFlag != 0 { position += 2 }
        guard position < file.count else { return nil }
        end = position
        hint = Self.hint(effort: file[start + 8], system: file[start + 9])
    }

    /// What a compressor says about itself: 2 is most effort, 4 is least.
    private static func hint(effort: UInt8, system: UInt8) -> CompressorHint {
        var hint = CompressorHint()
        hint.isGzip = system == unix
        switch effort {
        case 2: hint.levels = [9, 8, 7, 6, 5, 4, 3, 2, 1]
        case 4: hint.levels = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        default: break
        }
        return hint
    }
}
