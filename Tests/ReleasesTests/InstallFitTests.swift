import Primitives
import Releases
import Testing

@Suite("An install section and the tree of its release") struct InstallFitTests {
    private static func tree() throws -> TreeListing {
        try TreeListing([
            TreeEntry("hooks", .directory), TreeListingTests.file("hooks/pre", executable: true),
            TreeListingTests.file("hooks/plain"), TreeEntry("hooks/link", .link(target: "pre")),
            TreeEntry("etc", .directory), TreeListingTests.file("etc/example.conf"),
            TreeEntry("lib", .link(target: "etc")),
        ])
    }

    private static func section(
        pre: ByteString = "hooks/pre", undo: ByteString? = nil, shared: [ByteString] = []
    ) -> InstallSection {
        var section = InstallSection()
        section.pre = .init([pre, "--all"], seconds: 1)
        if let undo { section.migration = .init(.init([pre], seconds: 1), return: .undo(.init([undo], seconds: 1))) }
        section.shared = shared
        return section
    }

    @Test func `fits when its programs are there and its shared paths are free`() throws {
        try Self.section(shared: ["data", "etc/local.conf"]).check(fits: Self.tree())
        try InstallSection().check(fits: Self.tree())
    }

    private static let misfits: [(InstallSection, String)] = [
        (section(pre: "hooks/post"), "found nothing there"), (section(pre: "hooks"), "found a folder"),
        (section(pre: "hooks/plain"), "found a file that is not executable"),
        (section(pre: "hooks/link"), "found a link"), (section(undo: "hooks/back"), "(the program \"hooks/back\")"),
        (section(shared: ["etc"]), "found it in the release's tree"),
        (section(shared: ["etc/example.conf"]), "(the shared path \"etc/example.conf\")"),
        (section(shared: ["var/mail"]), "found no folder \"var\""),
        (section(shared: ["lib/local.conf"]), "found no folder \"lib\""),
        (section(shared: ["hooks/pre/x"]), "found no folder \"hooks/pre\""),
    ]

    @Test(arguments: misfits)
    func `is refused when a program or the place of a shared path is not as it should be`(
        section: InstallSection, says: String
    ) throws {
        let fault = try #require(throws: ReleaseFault.self) { try section.check(fits: Self.tree()) }
        #expect(fault.code == .invalidInstall)
        #expect(fault.message.contains(says), "\(fault.message)")
        #expect(fault.hint != ReleaseFaultCode.invalidInstall.hint)
    }
}
