import Testing

@testable import Processes

@Suite("Output that is kept")
struct KeptOutputTests {
    private func kept(_ count: Int, limit: Int, chunk: Int) -> KeptOutput {
        var output = KeptOutput(limit: limit)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for start in stride(from: 0, to: count, by: chunk) {
            bytes[start..<min(start + chunk, count)].withUnsafeBytes { output.append($0) }
        }
        return output
    }

    @Test(
        "up to the limit it is whole; above, both halves are there with the number of bytes between them",
        arguments: [0, 1, 2, 5, 10, 11], [0, 1, 4, 5, 9, 10, 11, 12, 100])
    func halves(limit: Int, count: Int) {
        for chunk in [1, 3, 7, 100] {
            let output = kept(count, limit: limit, chunk: chunk)
            let bytes = (0..<count).map { UInt8($0) }
            #expect(output.isCut == (count > limit))
            if count <= limit {
                #expect(output.bytes == bytes)
            } else {
                let mark = Array("\n[\(count - limit) bytes left out]\n".utf8)
                #expect(output.bytes == bytes.prefix(limit / 2) + mark + bytes.suffix(limit - limit / 2))
            }
        }
    }

    @Test("a limit below nothing keeps nothing")
    func negative() {
        #expect(kept(3, limit: -1, chunk: 1).bytes == Array("\n[3 bytes left out]\n".utf8))
    }
}
