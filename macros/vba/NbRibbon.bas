Attribute VB_Name = "NbRibbon"
' What the ribbon calls, and the only place that shows a window with the outcome.
Option Explicit

Private Sub Press(ByVal button As String, ByVal lastYear As String)
    Dim note As String, words As String
    note = TellHostOnce()
    If note <> "" Then Say note
    words = RunButton(button, lastYear)
    If words <> "" Then Say words
End Sub

' A box shows about a thousand characters and cuts off the rest without a word.
Private Sub Say(ByVal words As String)
    If Len(words) > 900 Then words = Left(words, 900) & "……"
    MsgBox words, vbInformation, "年报"
End Sub

Private Sub SayTrouble()
    MsgBox "没有完成：" & Err.Description & "。", vbExclamation, "年报"
End Sub

Public Sub NianbaoCheck(control As Object)
    On Error GoTo Failed
    Press "check", ""
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoNext(control As Object)
    On Error GoTo Failed
    Press "next", ""
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoCarry(control As Object)
    Dim lastYear As String
    On Error GoTo Failed
    lastYear = AskLastYear()
    If lastYear <> "" Then Press "carry", lastYear
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoExport(control As Object)
    On Error GoTo Failed
    Press "export", ""
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoBatch(control As Object)
    On Error GoTo Failed
    Press "batch", ""
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoMerge(control As Object)
    On Error GoTo Failed
    Press "merge", ""
    Exit Sub
Failed:
    SayTrouble
End Sub

Public Sub NianbaoSettings(control As Object)
    Dim words As String
    On Error GoTo Failed
    words = AskSettings()
    If words <> "" Then Say words
    Exit Sub
Failed:
    SayTrouble
End Sub

' For tests: presses a button of the ribbon without one; says whether it came back.
Public Function TestRibbon() As String
    On Error GoTo Failed
    NianbaoCheck Nothing
    TestRibbon = "ok"
    Exit Function
Failed:
    TestRibbon = "ERR " & Err.Number & " " & Err.Description
End Function
