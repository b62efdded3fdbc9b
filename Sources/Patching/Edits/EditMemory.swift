/// Bytes of memory that decoding an edit takes. The encoder states it and the decoder holds itself to it, by the same sums.
enum EditMemory {
    /// Room for one part of a file that is made by copying.
    static let copy = 256 << 10

    /// More blocks than one in 64 bytes are not worth what they take.
    static func mostBlocks(_ count: Int) -> Int { count / 64 &+ 1024 }

    private static let eachBlock = 80
    private static let eachSymbol = 96

    /// The old program is read whole before room for the new one is made.
    static func predicted(old: Int, new: Int, _ program: OldProgram, _ image: ELFImage, blocks: Int) -> Int {
        let symbols = image.sections.filter { $0.role == .symbols || $0.role == .dynamicSymbols }
        return max(old, new) &+ program.memory &+ blocks &* eachBlock &+ symbols.reduce(0) { $0 &+ $1.size } / 24
            &* eachSymbol
            &+ AddressMap.mostIndexBytes(program.image.span.count) &+ copy
    }
}
