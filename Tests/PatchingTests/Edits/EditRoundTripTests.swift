import Primitives
import Testing

@testable import Patching

@Suite struct EditRoundTripTests {
    struct Pair: CustomTestStringConvertible {
        var testDescription: String
        var old: [UInt8]
        var new: [UInt8]

        init(_ name: String, _ old: [UInt8], _ new: [UInt8]) {
            (testDescription, self.old, self.new) = (name, old, new)
        }
    }

    static let pairs: [Pair] = {
        var noise = Noise(7)
        let text = noise.bytes(5000)
        let other = noise.bytes(5000)
        let large = noise.bytes(700_000)
        var sprinkled = large
        for place in stride(from: 13, to: large.count, by: 997) { sprinkled[place] &+= 1 }
        let few = (0..<20_000).map { _ in UInt8.random(in: 0...1, using: &noise) }
        return [
            Pair("both empty", [], []),
            Pair("from nothing", [], text),
            Pair("to nothing", text, []),
            Pair("one byte", [1], [2]),
            Pair("one equal byte", [1], [1]),
            Pair("equal", text, text),
            Pair("appended", text, text + other),
            Pair("put in front", text, other + text),
            Pair("inserted", text, Array(text[..<2500]) + other[..<100] + text[2500...]),
            Pair("deleted", text, Array(text[..<2000] + text[2900...])),
            Pair("cut short", text, Array(text[..<7])),
            Pair("moved", text + other, other + text),
            Pair("doubled", text, text + text + text),
            Pair("nothing in common", text, other),
            Pair("a byte changed", text, Array(text[..<999]) + [text[999] &+ 1] + text[1000...]),
            Pair("one byte, repeated", [UInt8](repeating: 7, count: 9000), [UInt8](repeating: 7, count: 11_000)),
            Pair(
                "a word, repeated", Array((0..<30_000).map { UInt8($0 % 4) }), Array((0..<9000).map { UInt8($0 % 4) })),
            Pair("two kinds of bytes", few, Array(few.reversed())),
            Pair("large, with differences", large, Array(large[..<1000]) + sprinkled[500...]),
        ]
    }()

    @Test(arguments: pairs)
    func anEditMakesTheNewFileAndLeavesNothingOver(_ pair: Pair) throws {
        let edit = encode(pair.old, pair.new)
        let streams = Draining(edit.streams)
        var decoder = EditDecoder(streams, limits: EditLimits(memory: edit.memory))
        var made: [UInt8] = []
        try decoder.decode(edit.method, old: OldBytes(bytes: pair.old), count: pair.new.count) { made += $0 }
        #expect(made == pair.new)
        #expect(streams.rest.allSatisfy { $0.isEmpty })
    }

    @Test(arguments: pairs)
    func theSameFilesMakeTheSameEdit(_ pair: Pair) {
        let (first, second) = (encode(pair.old, pair.new), encode(pair.old, pair.new))
        #expect(first.streams == second.streams)
        #expect(first.method == second.method && first.memory == second.memory)
    }

    @Test(arguments: pairs)
    func blocksLieInBothFilesAndDoNotOverlapInTheNew(_ pair: Pair) {
        let blocks = view(pair.old) { old in view(pair.new) { BlockMatcher.match(old: old, new: $0) } }
        var end = 0
        for block in blocks {
            #expect(block.new >= end && block.length > 0 && block.newEnd <= pair.new.count)
            #expect(block.old >= 0 && block.oldEnd <= pair.old.count)
            end = block.newEnd
        }
    }

    @Test func whatIsAlreadyThereCostsAFewBytes() {
        let large = Noise(3).large
        let edit = encode(large, Array(large[5000...]) + large[..<5000])
        #expect(edit.streams.reduce(0) { $0 + $1.count } < 40)
    }
}

extension Noise {
    fileprivate var large: [UInt8] {
        var copy = self
        return copy.bytes(300_000)
    }
}

/// Streams that say what of them was not read.
final class Draining: EditStreamReader {
    private(set) var rest: [ArraySlice<UInt8>]

    init(_ streams: [[UInt8]]) { rest = streams.map { $0[...] } }

    func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws {
        let index = Int(stream.rawValue)
        guard buffer.count <= rest[index].count else { throw PatchFault(.truncated) }
        buffer.copyBytes(from: rest[index].prefix(buffer.count))
        rest[index] = rest[index].dropFirst(buffer.count)
    }
}
