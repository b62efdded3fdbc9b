import Primitives
import Releases
import Testing

@Suite struct VersionTests {
    @Test(arguments: [
        ["1.9", "1.10", "2", "2.0.1", "2.12.0", "10.0.0.1"],
        ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"],
        ["1.0-1", "1.0-a", "1.0", "1.0+build", "1.0.0", "1.0.1"],
        ["99999999999999999999998.0", "99999999999999999999999", "100000000000000000000000"],
    ])
    func ordersAsPeopleExpect(_ ascending: [String]) throws {
        let versions = try ascending.map { try Version($0) }
        #expect(versions.reversed().sorted() == versions)
        for (left, right) in zip(versions, versions.dropFirst()) {
            #expect(left < right)
            #expect(!(right < left))
        }
    }

    @Test(arguments: [
        "", ".", "..", "1.", ".1", "1..2", "1.2.3.4.5", "v1", "1.0rc1", "1.0-", "1.0-a..b", "1.0+", "1.0+a+b", "1/2",
        "1.0-é", " 1", "1 ", "-1", "1.0\n", "1" + String(repeating: "0", count: 64),
    ])
    func refusesWhatIsNoVersion(_ text: String) {
        #expect(throws: ReleaseFault.self) { try Version(text) }
    }

    @Test func differentTextsAreDifferentVersions() throws {
        #expect(try Version("1.0") != Version("1.0.0"))
        #expect(try Version("1.0") < Version("1.0.0"))
        #expect(try Version("1.0-rc.1").isPrerelease)
        #expect(try !Version("1.0").isPrerelease)
    }

    @Test func severitiesAreOrdered() throws {
        #expect(Severity.allCases.sorted() == Severity.allCases)
        #expect(try Severity("important") > .moderate)
        #expect(throws: ReleaseFault.self) { try Severity("Important") }
    }
}
