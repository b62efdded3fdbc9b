import Auditing
import Primitives
import TestSupport
import Testing

/// One way to publish something wrong, and exactly what an audit must say of it.
struct Defect: Sendable, CustomTestStringConvertible {
    typealias Place = (code: AuditFindingCode, location: String)

    let testDescription: String
    private let publish: @Sendable () throws -> PublishedFolder
    private let places: @Sendable (PublishedFolder) throws -> [Place]

    /// Damages a repository of three states after it was made; `finds` is told how it looks in the end.
    static func after(
        _ name: String, _ damage: @escaping @Sendable (PublishedFolder) throws -> Void,
        finds places: @escaping @Sendable (PublishedFolder) throws -> [Place]
    ) -> Defect {
        Defect(
            testDescription: name,
            publish: {
                let published = try PublishedFolder.threeStates()
                try damage(published)
                return published
            }, places: places)
    }

    /// Publishes something wrong on the way: `bend` is called before state 1, 2 and 3 are signed.
    static func during(
        _ name: String, _ bend: @escaping @Sendable (PublishedFolder, Int) throws -> Void,
        finds places: @escaping @Sendable (PublishedFolder) throws -> [Place]
    ) -> Defect {
        Defect(testDescription: name, publish: { try PublishedFolder.threeStates(bend) }, places: places)
    }

    /// Audits, and expects these findings and no others, in any order.
    func check() throws {
        let published = try publish()
        let before = try published.folder.contents()
        let report = try published.audit()
        let found = report.findings.map { "\($0.codeText) \($0.location ?? "-")" }.sorted()
        #expect(found == (try places(published).map { "\($0.code.rawValue) \($0.location)" }.sorted()))
        #expect(report.verdict == .refused)
        #expect(report.exitStatus == 3)
        // An audit changes nothing.
        #expect(try published.folder.contents() == before)
    }
}
