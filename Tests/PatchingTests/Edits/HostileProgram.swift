@testable import Patching

/// Programs whose tables lie.
enum HostileProgram {
    static let places = [
        0, 1, 63, 64, 0x1000, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 46, 1 << 62, Int.max, Int.min, -1, -64,
    ]
    static let names = [
        ".text", ".plt", ".plt.got", ".rodata", ".eh_frame", ".eh_frame_hdr", ".gopclntab", ".go.module", ".go.type",
        ".got", ".got.plt", ".data", ".dynstr", "other",
    ]

    /// A header that is right, and tables that say anything.
    static func random(_ seed: UInt64) -> [UInt8] {
        var noise = Noise(seed)
        let sections = (0..<Int.random(in: 1...20, using: &noise)).map { _ in
            let bytes = noise.bytes(Int.random(in: 0...200, using: &noise))
            return SmallProgram.Section(
                name: names.randomElement(using: &noise) ?? "", type: UInt32.random(in: 0...16, using: &noise),
                flags: UInt64.random(in: 0...7, using: &noise), bytes: bytes,
                link: names.randomElement(using: &noise) ?? "")
        }
        var bytes = SmallProgram(machine: Bool.random(using: &noise) ? 62 : 183, sections).bytes
        let headers = view(bytes) { $0.i64(40) }
        // Some of the fields of sections and of the segment: place, size, link.
        for index in 0...sections.count {
            for field in [16, 24, 32] where Int.random(in: 0..<3, using: &noise) == 0 {
                bytes.put(long(number(bytes.count, &noise)), at: headers + index * 64 + field)
            }
            if Bool.random(using: &noise) {
                bytes.put(word(Int.random(in: -1...21, using: &noise)), at: headers + index * 64 + 40)
            }
        }
        for field in [72, 80, 96, 104] where Int.random(in: 0..<8, using: &noise) == 0 {
            bytes.put(long(number(bytes.count, &noise)), at: field)
        }
        return bytes
    }

    private static func number(_ count: Int, _ noise: inout Noise) -> Int {
        Bool.random(using: &noise)
            ? Int.random(in: 0...count, using: &noise)
            : (places + [count, count - 1]).randomElement(using: &noise) ?? 0
    }
}
