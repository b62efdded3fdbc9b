internal import CSodium
import Primitives

/// The text of a key file of ours, parted: what may leave locked memory, and the seed, which may not.
///
/// JSON is parsed on the heap, which is neither locked nor wiped. It gets a copy in which '0' stands for every digit of an
/// unencrypted seed; the seed itself is decoded from one locked piece of memory to another.
struct KeyFileText {
    /// The text, without a run of eight or more hexadecimal digits but in the fields that are known to be no secret: of a
    /// damaged file, too.
    let redacted: [UInt8]
    /// What is hidden in `redacted`, when that is one seed and nothing else. Where it stands is for the parser to judge:
    /// the one accepted layout of a key file has digits to hide at one place only.
    let seed: SecretBytes?

    /// Throws `.malformed` for a text that is longer than any key's.
    init(_ text: SecretBytes) throws {
        guard text.count <= KeyFileHeader.byteLimit else {
            throw KeyFault(.malformed, expected: "at most \(KeyFileHeader.byteLimit) bytes", at: "key file")
        }
        (redacted, seed) = try text.withUnsafeBytes { text in
            let hidden = Self.hiddenDigits(in: text)
            var seed: SecretBytes?
            if let digits = hidden.first, hidden.count == 1 {
                seed = try Self.decodeSeed(UnsafeRawBufferPointer(rebasing: text[digits]))
            }
            return (Self.redact(text, hidden), seed)
        }
    }

    // MARK: the seed

    /// What stands for a seed in `redacted`.
    static let placeholder = ByteString(String(repeating: "0", count: seedDigitCount))
    private static let seedDigitCount = 2 * SecretKey.seedByteCount

    /// `redacted` with `seed` in the place of its placeholder, in locked memory.
    static func encode(_ redacted: [UInt8], seed: SecretBytes) throws -> SecretBytes {
        let hidden = redacted.withUnsafeBytes { hiddenDigits(in: $0) }
        guard let digits = hidden.first, hidden.count == 1, digits.count == 2 * seed.count,
            digits.upperBound < redacted.count
        else { throw KeyFault(.malformed) }
        return try SecretBytes(count: redacted.count) { text in
            for (index, byte) in redacted.enumerated() { text[index] = byte }
            (text + digits.lowerBound).withMemoryRebound(to: CChar.self, capacity: digits.count + 1) { place in
                _ = seed.withPointer(to: UInt8.self) { sodium_bin2hex(place, digits.count + 1, $0, seed.count) }
            }
            // libsodium ends what it writes with a zero.
            text[digits.upperBound] = redacted[digits.upperBound]
        }
    }

    /// Nil for anything but the lower-case digits of a seed.
    private static func decodeSeed(_ digits: UnsafeRawBufferPointer) throws -> SecretBytes? {
        let isUpperCase = digits.contains { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }
        guard digits.count == seedDigitCount, !isUpperCase else { return nil }
        return try SecretBytes(count: SecretKey.seedByteCount) { seed in
            let status = digits.withMemoryRebound(to: CChar.self) {
                sodium_hex2bin(seed, SecretKey.seedByteCount, $0.baseAddress, $0.count, nil, nil, nil)
            }
            guard status == 0 else { throw KeyFault(.malformed) }
        }
    }

    // MARK: hiding

    /// The beginnings of the values that may hold many digits and are no secret, in the one accepted layout.
    private static let openFields = [
        "\"box\": \"", "\"memlimit\": ", "\"name\": \"", "\"nonce\": \"", "\"opslimit\": ", "\"public\": \"",
        "\"salt\": \"", "\"x-sceau-name\": \"",
    ].map { Array($0.utf8) }
    /// Fewer digits say next to nothing about a seed, and `ed25519` has seven.
    private static let shortestRun = 8

    /// Where digits stand that the heap must not see, in order.
    private static func hiddenDigits(in text: UnsafeRawBufferPointer) -> [Range<Int>] {
        var hidden: [Range<Int>] = []
        var start = text.startIndex
        while start < text.endIndex {
            if let open = endOfOpenValue(in: text, from: start) {
                start = open
                continue
            }
            let end = text[start...].firstIndex { !isDigit($0) } ?? text.endIndex
            if end - start >= shortestRun { hidden.append(start..<end) }
            // What ends a run is no digit, but it may begin a field.
            start = max(end, start + 1)
        }
        return hidden
    }

    /// Past the value of the open field that begins at `start`, if one does: up to a quote or the end of the line.
    private static func endOfOpenValue(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "\"") else { return nil }
        let rest = text[start...]
        guard let field = openFields.first(where: { rest.starts(with: $0) }) else { return nil }
        let value = rest.dropFirst(field.count)
        return value.firstIndex { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") } ?? text.endIndex
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func redact(_ text: UnsafeRawBufferPointer, _ hidden: [Range<Int>]) -> [UInt8] {
        var redacted: [UInt8] = []
        redacted.reserveCapacity(text.count)
        for digits in hidden {
            redacted += text[redacted.count..<digits.lowerBound]
            redacted += repeatElement(UInt8(ascii: "0"), count: digits.count)
        }
        return redacted + text[redacted.count...]
    }
}
