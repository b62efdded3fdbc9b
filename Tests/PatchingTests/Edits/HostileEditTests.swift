import Primitives
import Testing

@testable import Patching

/// Streams by an attacker, with the old file that they are for.
@Suite struct HostileEditTests {
    struct Victim: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var old: [UInt8]
        var new: [UInt8]
        var edit: EncodedEdit
    }

    static let victims: [Victim] = {
        var noise = Noise(1)
        let (text, other) = (noise.bytes(400), noise.bytes(50))
        var changed = text
        for place in [3, 70, 71, 300] { changed[place] &+= 1 }
        let (old, new) = (LinkedProgram(isUpdate: false).program.bytes, LinkedProgram(isUpdate: true).program.bytes)
        let pairs = [
            ("text", [], Array(text[..<40])), ("blocks", text, Array(changed[..<200]) + other + changed[150...]),
            ("a program", old, new), ("an older program", new, old),
        ]
        return pairs.map { Victim(testDescription: $0, old: $1, new: $2, edit: encode($1, $2)) }
    }()

    /// What comes of streams that were changed: the right number of bytes, or a fault.
    private func bytesOrFault(_ victim: Victim, _ streams: [[UInt8]]) throws -> [UInt8]? {
        do {
            let made = try decode(
                victim.edit.method, streams, old: victim.old, count: victim.new.count, memory: victim.edit.memory)
            #expect(made.count == victim.new.count)
            return made
        } catch is PatchFault {
            return nil
        }
    }

    @Test(arguments: victims)
    func everyStreamCutAtEveryByteIsAFault(_ victim: Victim) throws {
        #expect(try bytesOrFault(victim, victim.edit.streams) == victim.new)
        for stream in victim.edit.streams.indices {
            for length in victim.edit.streams[stream].indices {
                var streams = victim.edit.streams
                streams[stream] = Array(streams[stream][..<length])
                #expect(try bytesOrFault(victim, streams) == nil, "stream \(stream) cut to \(length)")
            }
        }
    }

    @Test(arguments: victims)
    func everyBitTurnedOverIsAFaultOrOtherBytesOrLeavesSomethingOver(_ victim: Victim) throws {
        for stream in victim.edit.streams.indices {
            for place in victim.edit.streams[stream].indices {
                for bit in 0..<8 {
                    var streams = victim.edit.streams
                    streams[stream][place] ^= 1 << bit
                    _ = try bytesOrFault(victim, streams)
                }
            }
        }
    }

    /// Values with many bytes: the first numbers of each stream are replaced.
    @Test(arguments: victims, [1 << 20, 1 << 31, 1 << 46, Int.max - 1, Int.max, Int.min, -1, -2])
    func aNumberOutOfRangeIsAFaultOrOtherBytes(_ victim: Victim, _ number: Int) throws {
        for stream in victim.edit.streams.indices {
            for place in victim.edit.streams[stream].indices {
                var streams = victim.edit.streams
                streams[stream].replaceSubrange(place...place, with: numbers([number]))
                _ = try bytesOrFault(victim, streams)
            }
        }
    }

    struct Lie: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var code: PatchFaultCode
        var parts: [EditStream: [UInt8]]
        var old: Int
        var count: Int

        init(
            _ name: String, _ code: PatchFaultCode, old: Int = 100, count: Int = 100, layout: [UInt8] = [0],
            inserts: [UInt8] = [0, 0], lengths: [UInt8], seeks: [UInt8] = [0, 0], gaps: [UInt8] = [],
            values: [UInt8] = []
        ) {
            (testDescription, self.code, self.old, self.count) = (name, code, old, count)
            parts = [
                .layout: layout, .inserts: inserts, .lengths: lengths, .seeks: seeks, .gaps: gaps, .values: values,
                .literals: [UInt8](repeating: 0, count: 100),
            ]
        }
    }

    static let lies: [Lie] = [
        Lie("a block longer than the new file", .malformed, lengths: [101]),
        Lie("a block longer than the old file", .malformed, old: 50, lengths: [51]),
        Lie("an empty block", .malformed, lengths: [0]),
        Lie("a block before the old file", .malformed, lengths: [10], seeks: numbers([1])),
        Lie("a block beyond the old file", .malformed, lengths: [10], seeks: numbers([91 << 1])),
        Lie("a second block beyond the old file", .malformed, lengths: [60, 40], seeks: numbers([0, 1 << 1])),
        Lie("a block at the end of all numbers", .malformed, lengths: [10], seeks: numbers([-2])),
        Lie("places whose sum overflows", .malformed, lengths: [90, 10], seeks: numbers([0, -2])),
        Lie("more literal bytes than the file has", .malformed, inserts: [101], lengths: []),
        Lie("more differences than bytes", .malformed, layout: [101], lengths: [100]),
        Lie("a difference behind the last byte", .leftover, layout: [1], lengths: [100], gaps: [100]),
        Lie(
            "the last difference at the end of all numbers", .leftover, layout: [1], lengths: [100],
            gaps: numbers([.max])),
        Lie("a difference without a block", .leftover, layout: [1], inserts: [100], lengths: []),
        Lie("a distance of 64 bits", .malformed, layout: [1], lengths: [100], gaps: numbers([-1]), values: [1]),
        Lie("a number with zeros behind it", .notCanonical, lengths: [0x80 | 100, 0]),
        Lie("a number of 65 bits", .notCanonical, lengths: [UInt8](repeating: 0xFF, count: 9) + [3]),
        Lie("a number without an end", .notCanonical, lengths: [UInt8](repeating: 0x80, count: 40)),
        Lie("an old file without bytes", .malformed, old: 0, lengths: [1]),
    ]

    @Test(arguments: lies)
    func aLieAboutBlocksIsAFault(_ lie: Lie) {
        let old = [UInt8](repeating: 7, count: lie.old)
        #expect {
            try decode(.copy, streams(lie.parts), old: old, count: lie.count)
        } throws: { ($0 as? PatchFault)?.code == lie.code }
    }

    @Test(arguments: [EditMethod.copy, .predicted])
    func blocksWithoutAnOldFileAreAFault(_ method: EditMethod) {
        var decoder = EditDecoder(StreamsInMemory(streams([.layout: [0]])), limits: EditLimits(memory: 1 << 20))
        #expect(throws: PatchFault.self) { try decoder.decode(method, old: nil, count: 1) { _ in } }
    }

    @Test(arguments: [EditMethod.literal, .text, .copy, .predicted])
    func aSizeBelowZeroMakesNothing(_ method: EditMethod) {
        let old = OldBytes(bytes: LinkedProgram(isUpdate: false).program.bytes)
        var decoder = EditDecoder(StreamsInMemory(streams([.layout: [0, 0, 0]])), limits: EditLimits(memory: 1 << 20))
        var made = 0
        try? decoder.decode(method, old: old, count: -1) { made += $0.count }
        #expect(made == 0)
    }

    @Test func whatNeedsMoreMemoryThanAllowedIsRefusedBeforeItIsMade() {
        let old = LinkedProgram(isUpdate: false).program.bytes
        for count in [1 << 21, 1 << 40, Int.max] {
            #expect {
                try decode(.predicted, streams([.layout: [0, 0, 0]]), old: old, count: count, memory: 1 << 20)
            } throws: { ($0 as? PatchFault)?.code == .tooMuchMemory }
        }
    }

    @Test func moreBlocksThanTheirMemoryAllowsAreRefused() {
        let old = LinkedProgram(isUpdate: false).program.bytes
        let many = 100_000
        let parts: [EditStream: [UInt8]] = [
            .layout: [0, 0, 0], .inserts: [UInt8](repeating: 0, count: many),
            .lengths: [UInt8](repeating: 1, count: many),
            .seeks: [UInt8](repeating: 0, count: 10) + [UInt8](repeating: 1, count: many),
        ]
        for memory in [1 << 21, 1 << 30] {
            #expect {
                try decode(.predicted, streams(parts), old: old, count: many, memory: memory)
            } throws: { ($0 as? PatchFault)?.code == .tooMuchMemory }
        }
    }

    @Test(arguments: [0, 1, 64, 65, 5000])
    func aPredictionFromWhatIsNoProgramIsAFault(_ count: Int) {
        let old = [UInt8](repeating: 0, count: count)
        #expect {
            try decode(.predicted, streams([.layout: [0, 0, 0], .inserts: [64]]), old: old, count: 64)
        } throws: { ($0 as? PatchFault)?.code == .malformed }
    }

    @Test func aPredictionOfWhatIsNoProgramOrForAnotherMachineIsAFault() throws {
        let old = LinkedProgram(isUpdate: false).program.bytes
        var other = old
        other[18] = 183
        for new in [[UInt8](repeating: 0, count: 5000), other, Array(old[..<64])] {
            let parts: [EditStream: [UInt8]] = [
                .layout: [0, 0, 0], .inserts: numbers([new.count]), .literals: new,
            ]
            #expect {
                try decode(.predicted, streams(parts), old: old, count: new.count)
            } throws: { ($0 as? PatchFault)?.code == .malformed }
        }
    }
}
