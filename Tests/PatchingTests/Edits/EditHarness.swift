import Primitives

@testable import Patching

/// An old file in memory.
struct OldBytes: OldFile {
    let bytes: [UInt8]
    var count: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= bytes.count - buffer.count else { throw PatchFault(.wrongOldFile) }
        buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    }
}

/// Numbers that look like noise and are the same in every run: SplitMix64.
struct Noise: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

func encode(_ old: [UInt8], _ new: [UInt8]) -> EncodedEdit {
    old.withUnsafeBufferPointer { old in new.withUnsafeBufferPointer { EditEncoder.encode(old: old, new: $0) } }
}

/// What a decoder that is given these streams makes, and every stream's unread rest.
func decode(
    _ method: EditMethod, _ streams: [[UInt8]], old: [UInt8], count: Int, memory: Int = 64 << 20
) throws -> [UInt8] {
    var decoder = EditDecoder(StreamsInMemory(streams), limits: EditLimits(memory: memory))
    var made: [UInt8] = []
    try decoder.decode(method, old: OldBytes(bytes: old), count: count) { made += $0 }
    return made
}

/// An edit by blocks alone, of the same files.
func copyOnly(_ old: [UInt8], _ new: [UInt8]) -> [[UInt8]] {
    view(old) { old in view(new) { EditEncoder.copy(old, $0, BlockMatcher.match(old: old, new: $0)).streams } }
}

func view<Result>(_ bytes: [UInt8], _ body: (ByteView) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBufferPointer { try body(ByteView($0)) }
}

/// The old program in `bytes`, if it is one, with as much memory as it wants.
func oldProgram(_ bytes: [UInt8]) -> OldProgram? {
    view(bytes) { try? OldProgram($0, new: 0, limits: EditLimits(memory: .max)) }
}

/// A stream's bytes from numbers.
func numbers(_ values: [Int]) -> [UInt8] {
    var streams = EditStreams()
    for value in values { streams.append(number: value, to: .layout) }
    return streams.bytes[Int(EditStream.layout.rawValue)]
}

func streams(_ parts: [EditStream: [UInt8]]) -> [[UInt8]] { EditStream.allCases.map { parts[$0] ?? [] } }
