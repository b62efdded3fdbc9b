import Testing

@testable import Updating

@Suite struct ProgramStartTests {
    @Test(
        "what a program's first line asks for",
        arguments: [
            ("\u{7f}ELF\u{2}", .binary),
            ("#!/bin/sh\necho\n", .script(interpreter: "/bin/sh", argument: "")),
            ("#! \t/bin/sh  -e -u \n", .script(interpreter: "/bin/sh", argument: "-e -u")),
            ("#!/bin/sh", .script(interpreter: "/bin/sh", argument: "")),
            ("#!", .script(interpreter: "", argument: "")),
            ("echo\n", .unknown), ("", .unknown), ("\u{feff}#!/bin/sh\n", .unknown),
        ] as [(String, ProgramStart)])
    func first(text: String, expected: ProgramStart) {
        #expect(ProgramStart(Array(text.utf8)) == expected)
    }

    @Test(
        "what env has to find, where it is told no more than a name",
        arguments: [
            ("#!/usr/bin/env python3", "python3"), ("#!/usr/bin/env python3 -u", "python3 -u"),
            ("#!/usr/bin/env -S python3 -u", "python3"), ("#!/usr/bin/env -Spython3", "python3"),
            ("#!/usr/bin/env -S PATH=/opt/bin python3", nil), ("#!/usr/bin/env -i python3", nil),
            ("#!/usr/bin/env -S -i python3", nil), ("#!/usr/bin/env -S ${X}", nil), ("#!/usr/bin/env", nil),
            ("#!/bin/sh python3", nil),
        ])
    func env(text: String, expected: String?) {
        #expect(ProgramStart(Array(text.utf8)).soughtByEnv == expected)
    }

    @Test(
        "a carriage return at the end of the first line is seen, and is fine for perl alone",
        arguments: [
            ("#!/bin/sh\r\n", true), ("#!/bin/sh -e\r\n", true), ("#!/usr/bin/env sh\r\n", true),
            ("#!/usr/bin/perl\r\n", true), ("#!/usr/bin/perl -w\r\n", false), ("#!/bin/sh\n\r\n", false),
        ])
    func carriageReturn(text: String, expected: Bool) {
        #expect(ProgramStart(Array(text.utf8)).hasCarriageReturn == expected)
    }
}
