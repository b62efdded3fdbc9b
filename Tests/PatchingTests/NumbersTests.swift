import Testing

@testable import Patching

@Suite struct NumbersTests {
    @Test(arguments: [0, 1, -1, 127, 128, -128, 1 << 40, -(1 << 40)])
    func aNumberComesBack(_ value: Int) throws {
        var writer = NumberWriter()
        writer.append(signed: value)
        var reader = NumberReader(writer.bytes)
        #expect(try reader.signed() == value)
        #expect(reader.isAtEnd)
    }
}
