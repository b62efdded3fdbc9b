import FoundationEssentials
import Testing

/// Runs what fuzzing found worth keeping, without a fuzzer.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func nothingOfTheCorpusDoesHarm(_ target: FuzzTarget) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Fuzz/Corpus/\(target.rawValue)").standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(!names.isEmpty)
        for name in names.sorted() {
            let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            bytes.withUnsafeBytes { target.run($0) }
        }
    }
}
