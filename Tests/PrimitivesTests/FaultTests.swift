import Primitives
import Testing

private enum SampleCode: String, FaultCode {
    case broken = "sample/broken"
    case full = "sample/full"

    var family: FaultFamily { self == .broken ? .refusal : .local }
    var summary: String { self == .broken ? "seal is broken" : "cellar is full" }
    var hint: String? { self == .broken ? nil : "drink some" }
}

private typealias SampleFault = Fault<SampleCode>

@Suite struct FaultTests {
    @Test(arguments: [
        (SampleFault(.broken), "seal is broken"),
        (SampleFault(.broken, found: "wax"), "seal is broken: found wax"),
        (SampleFault(.broken, expected: "lead"), "seal is broken: expected lead"),
        (SampleFault(.broken, at: "box 3"), "seal is broken (box 3)"),
        (
            SampleFault(.broken, found: "wax", expected: "lead", at: "box 3"),
            "seal is broken: found wax, expected lead (box 3)"
        ),
    ])
    private func `The message says what, found, expected and where`(fault: SampleFault, message: String) {
        #expect(fault.message == message)
        #expect(fault.description == "[sample/broken] " + message)
    }

    @Test func `No data of a fault can repaint a terminal`() {
        let fault = SampleFault(.broken, found: "\u{1B}[2J", expected: "a\nb", at: "\u{202E}x")
        #expect(fault.message == "seal is broken: found \\u{1b}[2J, expected a\\u{a}b (\\u{202e}x)")
    }

    @Test func `No data of a fault can flood a terminal or a journal`() {
        let flood = String(repeating: "\u{1B}", count: 5_000_000)
        let fault = SampleFault(.broken, found: flood, expected: flood, at: flood)
        #expect(fault.message.utf8.count < 40_000)
        #expect(fault.found?.hasSuffix("\\u{1b}… (5000000 bytes in all)") == true)
        #expect(SampleFault(.broken, found: String(repeating: "é", count: 1000)).found?.count == 1000)
    }

    @Test func `Equal are code and data, whatever the advice`() {
        let fault = SampleFault(.broken, found: "wax", expected: "lead", at: "box 3")
        #expect(fault == SampleFault(.broken, found: "wax", expected: "lead", at: "box 3", hint: "look again"))
        #expect(fault != SampleFault(.full, found: "wax", expected: "lead", at: "box 3"))
        #expect(fault != SampleFault(.broken, found: "clay", expected: "lead", at: "box 3"))
        #expect(fault != SampleFault(.broken, found: "wax", expected: "tin", at: "box 3"))
        #expect(fault != SampleFault(.broken, found: "wax", expected: "lead", at: "box 4"))
    }

    @Test func `Advice given on the spot goes before that of the code`() {
        #expect(SampleFault(.broken).hint == nil)
        #expect(SampleFault(.full).hint == "drink some")
        #expect(SampleFault(.full, hint: "sell some").hint == "sell some")
    }

    @Test(
        arguments: [
            (FaultFamily.refusal, 3), (.transport, 1), (.local, 1), (.usage, 64),
        ] as [(FaultFamily, Int32)])
    func `The family decides the exit status`(family: FaultFamily, status: Int32) {
        #expect(family.exitStatus == status)
    }
}
